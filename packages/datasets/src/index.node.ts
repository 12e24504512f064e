export { readNpy, writeNpy } from './arrays/array-files.node.js';
export * from './index.js';
export { type OpenOptions, openDataset } from './open-dataset.node.js';
