import type { Backend } from '@octavo/backend';
import type { Model } from '@octavo/core/ir';
import { OctavoError } from '@octavo/core/tensor';
import { cpu } from '@octavo/cpu';
import { reference } from '@octavo/reference';
import { createSession, type Session } from '@octavo/runtime';
import { createOnnxRuntimeSession } from '@octavo/runtime/onnxruntime';

/** What can run a model: `auto` takes our backends, and onnxruntime where an op is missing. */
export type BackendName = 'auto' | 'cpu' | 'reference' | 'onnxruntime';

export const BACKEND_NAMES: readonly BackendName[] = ['auto', 'cpu', 'reference', 'onnxruntime'];

export interface OpenOptions {
  readonly backend?: BackendName;
  readonly taps?: readonly string[];
  /** For onnxruntime; our first kernels use one thread. */
  readonly threads?: number;
  /** Told, in one line each, when a backend stands in for another. */
  readonly notice?: (line: string) => void;
}

/** Our backends in order of preference: native kernels where the addon loads, then the TypeScript reference. */
export function defaultBackends(notice: (line: string) => void = () => {}): Backend[] {
  const native = nativeBackend();
  if (native instanceof OctavoError) {
    notice(
      `No native CPU kernels (${native.code}): running on the TypeScript reference backend, which is slow.`,
    );
    return [reference()];
  }
  return [native, reference()];
}

/** Opens a session on the backend named. Throws as `createSession` and `createOnnxRuntimeSession`. */
export async function openSession(model: Model, options: OpenOptions = {}): Promise<Session> {
  const { backend = 'auto', taps = [], threads, notice = () => {} } = options;
  if (backend === 'onnxruntime')
    return createOnnxRuntimeSession(model, {
      taps,
      ...(threads ? { threads } : {}),
      ...(taps.length > 0 ? { optimization: 'basic' } : {}),
    });
  if (backend === 'reference') return createSession(model, { backends: [reference()], taps });
  if (backend === 'cpu') return createSession(model, { backends: [requireNative(), reference()], taps });
  try {
    return await createSession(model, { backends: defaultBackends(notice), taps });
  } catch (error) {
    if (!(error instanceof OctavoError) || error.code !== 'OP_UNSUPPORTED') throw error;
    notice(`Running on onnxruntime: ${error.fault}`);
    return openSession(model, { ...options, backend: 'onnxruntime' });
  }
}

/** Opens a session for work on many samples: onnxruntime where it is installed, otherwise our backends. */
export async function openFastSession(model: Model, options: OpenOptions = {}): Promise<Session> {
  if (options.backend && options.backend !== 'auto') return openSession(model, options);
  try {
    return await openSession(model, { ...options, backend: 'onnxruntime' });
  } catch (error) {
    if (!(error instanceof OctavoError) || error.code !== 'ORT_MISSING') throw error;
    options.notice?.('onnxruntime-node is not installed: running on our own backends.');
    return openSession(model, { ...options, backend: 'auto' });
  }
}

function nativeBackend(): Backend | OctavoError {
  try {
    return cpu();
  } catch (error) {
    if (error instanceof OctavoError) return error;
    throw error;
  }
}

function requireNative(): Backend {
  const native = nativeBackend();
  if (native instanceof OctavoError) throw native;
  return native;
}
