import type { Model } from '@octavo/core/ir';
import * as runtime from '@octavo/runtime';
import { defaultBackends } from './sessions.js';

/** As of `@octavo/runtime`, where no option has to be given. */
export type SessionOptions = Partial<runtime.SessionOptions>;

/**
 * Makes a model ready to run, on native CPU kernels where the addon loads and on the TypeScript reference for the rest,
 * unless `options.backends` names others. Throws as `createSession` of `@octavo/runtime`.
 * @param source A model in memory, or the path of its ONNX file.
 */
export async function createSession(
  source: Model | string,
  options: SessionOptions = {},
): Promise<runtime.Session> {
  return runtime.createSession(source, { ...options, backends: options.backends ?? defaultBackends() });
}
