export * from './charts/index.js';
export * from './escape-html.js';
export * from './html.js';
export * from './sections.js';
