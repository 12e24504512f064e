export * from './budget.js';
export * from './layer-choice.js';
export * from './predict-front.js';
export * from './search-mixed-precision.js';
