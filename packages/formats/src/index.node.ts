export * from './index.js';
export { loadOnnx } from './onnx/load.node.js';
export { type SaveOptions, saveOnnx } from './onnx/save.node.js';
export { sourceFiles } from './onnx/source-files.node.js';
export { FileSource } from './wire/file-source.node.js';
