export { parse } from './parse.js';
export { type PrintOptions, print } from './print.js';
