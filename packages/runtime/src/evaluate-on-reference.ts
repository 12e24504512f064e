import type { NodeEvaluator } from '@octavo/passes';
import { reference } from '@octavo/reference';
import { evaluateOn } from './evaluate.js';

/** An evaluator for constant folding on the reference backend, which is made when the first node is folded. */
export function evaluateOnReference(): NodeEvaluator {
  let evaluate: NodeEvaluator | undefined;
  return (...given) => {
    evaluate ??= evaluateOn(reference());
    return evaluate(...given);
  };
}
