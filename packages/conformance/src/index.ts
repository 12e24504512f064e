export * from './cases/index.js';
export * from './compare.js';
export * from './conformance-case.js';
export * from './describe-backend.js';
export * from './run-case.js';
export { SUPPORTED_DTYPES } from './supported-dtypes.js';
