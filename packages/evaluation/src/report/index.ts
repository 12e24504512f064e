export { checkJunit } from '../suite/junit.js';
export * from './charts/index.js';
export * from './escape-html.js';
export * from './html.js';
export { type RooflineOptions, type RooflinePoint, rooflineChart } from './roofline.js';
export * from './sections.js';
