export { eraseDead, fixNode, forward, forwardProblem, supersede } from './edit.js';
export { type Captures, match, type NodePattern, type Pattern } from './pattern.js';
export { type Captured, capturedBy, recapture } from './recapture.js';
export { defineRule, type Outcome, type Rule, type RuleSpec, rulePass } from './rule.js';
