export * from './create-onnxruntime-session.node.js';
export * from './options.js';
