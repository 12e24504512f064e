export * from './create-onnxruntime-session.js';
export * from './options.js';
