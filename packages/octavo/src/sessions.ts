import { availableParallelism } from 'node:os';
import type { Backend } from '@octavo/backend';
import type { Model, Value } from '@octavo/core/ir';
import type { Float32Scan } from '@octavo/core/quant';
import { OctavoError } from '@octavo/core/tensor';
import { cpu, floatScan } from '@octavo/cpu';
import type { SessionFactory } from '@octavo/quantizer';
import { reference } from '@octavo/reference';
import { createSession, type NodeExplanation, type Session } from '@octavo/runtime';

/** What can run a model: `auto` takes our backends, and onnxruntime where an op is missing. */
export type BackendName = 'auto' | 'cpu' | 'reference' | 'onnxruntime';

export const BACKEND_NAMES: readonly BackendName[] = ['auto', 'cpu', 'reference', 'onnxruntime'];

export interface OpenOptions {
  readonly backend?: BackendName;
  /** Names of intermediate values to report to `RunOptions.onTap`. */
  readonly taps?: readonly string[];
  /** The most threads of a run. */
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

/**
 * Opens a session on the backend named. `auto` takes our backends, and onnxruntime when they lack an op.
 * @throws SessionError as `createSession` and `createOnnxRuntimeSession`; OctavoError of the native loader for `cpu`.
 */
export async function openSession(model: Model, options: OpenOptions = {}): Promise<Session> {
  const { backend = 'auto', notice = () => {} } = options;
  if (backend !== 'auto') return openNamed(model, backend, options);
  try {
    return await openOwn(model, options);
  } catch (error) {
    if (!failedWith(error, 'OP_UNSUPPORTED')) throw error;
    const session = await openNamed(model, 'onnxruntime', options).catch((second: unknown) => {
      if (second instanceof OctavoError) notice(second.message);
      throw error;
    });
    notice(`Running on onnxruntime: ${error.message}`);
    return session;
  }
}

/**
 * Opens a session for work on many samples: `auto` takes onnxruntime where it is installed and loads the model,
 * otherwise our backends. Throws as {@link openSession}.
 */
export async function openFastSession(model: Model, options: OpenOptions = {}): Promise<Session> {
  const { backend = 'auto', notice = () => {} } = options;
  if (backend !== 'auto') return openNamed(model, backend, options);
  try {
    return await openNamed(model, 'onnxruntime', options);
  } catch (error) {
    if (!failedWith(error, 'ORT_MISSING', 'ORT_LOAD')) throw error;
    notice(`Running on our own backends: ${error.fault}`);
    return openOwn(model, options);
  }
}

/**
 * Opens a session that shows many intermediate values: `auto` takes native kernels where they do all the float work,
 * since what they compute needs no copies to be seen; otherwise as {@link openFastSession}.
 */
async function openObservingSession(model: Model, options: OpenOptions): Promise<Session> {
  const isAuto = options.backend === undefined || options.backend === 'auto';
  const own = isAuto && model.graph.inputs.every(keepsItsSize) && (await openNative(model, options));
  return own || openFastSession(model, options);
}

/** Whether a model leaves at most the batch open: other sizes vary from sample to sample, and each costs a plan. */
function keepsItsSize({ shape }: Value): boolean {
  return shape?.slice(1).every((size) => typeof size === 'number') ?? false;
}

/** Whether a node runs on native kernels, or gives integers without running other nodes. */
function isNativeOrWhole({ backend, dtype }: NodeExplanation): boolean {
  return backend === 'cpu' || (backend === 'reference' && !/^b?float/.test(dtype));
}

/** A session whose float work is native; undefined where some of it is not. */
async function openNative(model: Model, options: OpenOptions): Promise<Session | undefined> {
  try {
    const own = await openOwn(model, { ...options, notice: () => {} });
    const { nodes } = own.explain();
    if (nodes.every(isNativeOrWhole)) return own;
    own.dispose();
  } catch (error) {
    // Whoever runs it then says what is wrong with the model.
    if (!(error instanceof OctavoError)) throw error;
  }
  return undefined;
}

/**
 * What `quantizeModel` and `calibrateModel` take as `createSession`: sessions as {@link openFastSession} makes them, or on
 * native kernels where they observe and the kernels do all the float work. Sessions that observe use every core unless
 * told otherwise, and native loops go over what they observe.
 */
export function fastSessions(options: Omit<OpenOptions, 'taps'> = {}): SessionFactory {
  const create = (model: Model, { taps }: { readonly taps: readonly string[] }): Promise<Session> => {
    if (taps.length === 0) return openFastSession(model, { ...options, taps });
    return openObservingSession(model, { threads: availableParallelism(), ...options, taps });
  };
  // What observes nothing need not load the addon.
  return Object.defineProperty(create, 'scan', { get: nativeScan, enumerable: true });
}

async function openNamed(
  model: Model,
  backend: Exclude<BackendName, 'auto'>,
  options: OpenOptions,
): Promise<Session> {
  const { taps = [], threads } = options;
  const shared = { taps, ...(threads === undefined ? {} : { threads }) };
  if (backend === 'reference') return createSession(model, { ...shared, backends: [reference()] });
  if (backend === 'cpu') return createSession(model, { ...shared, backends: [requireNative(), reference()] });
  const { createOnnxRuntimeSession } = await import('@octavo/runtime/onnxruntime');
  return createOnnxRuntimeSession(model, {
    ...shared,
    ...(taps.length > 0 ? { optimization: 'basic' } : {}),
  });
}

function openOwn(model: Model, { taps = [], threads, notice }: OpenOptions): Promise<Session> {
  return createSession(model, {
    backends: defaultBackends(notice),
    taps,
    ...(threads === undefined ? {} : { threads }),
  });
}

function failedWith(error: unknown, ...codes: readonly string[]): error is OctavoError {
  return error instanceof OctavoError && codes.includes(error.code);
}

const nativeBackend = (): Backend | OctavoError => native(cpu);

function nativeScan(): Float32Scan | undefined {
  const scan = native(floatScan);
  return scan instanceof OctavoError ? undefined : scan;
}

/** What the addon gives, or why it does not load. */
function native<Given>(load: () => Given): Given | OctavoError {
  try {
    return load();
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
