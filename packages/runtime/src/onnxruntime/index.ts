export * from './onnxruntime-session.node.js';
