import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cloneModel, type Model } from '@octavo/core/ir';
import { isDType, OctavoError, type Tensor } from '@octavo/core/tensor';
import { encodeModel, saveOnnx } from '@octavo/formats/node';
import type { InferenceSession, Tensor as OrtTensor } from 'onnxruntime-node';
import { createExplanation, type Explanation } from '../explain.js';
import { checkFeeds } from '../feeds.js';
import type { NamedTensors, Port, RunOptions, Session } from '../session.js';
import { SessionError } from '../session-error.js';
import { fromOrt, type OrtTensorConstructor, toOrt } from './tensors.js';

export interface OnnxRuntimeOptions {
  /** Names of intermediate values to report to `RunOptions.onTap`; needs a `Model`, not a path. */
  readonly taps?: readonly string[];
  /** Threads inside one operator (default 1). */
  readonly threads?: number;
  /** onnxruntime's graph optimization level (default `all`; taps need `basic` or `disabled` to keep every value). */
  readonly optimization?: 'disabled' | 'basic' | 'extended' | 'all';
}

type OrtModule = typeof import('onnxruntime-node');

/**
 * Runs a model on onnxruntime-node (an optional peer) behind the Session interface.
 * @param source A model in memory, or the path of a file (read by onnxruntime itself, external data included).
 * @throws SessionError `ORT_MISSING` when the package is not installed, `ORT_LOAD` when it refuses the model, `TAP_UNKNOWN`
 *   for a tap that names no value, `ORT_TAPS` for taps of a path.
 */
export async function createOnnxRuntimeSession(
  source: Model | string,
  options: OnnxRuntimeOptions = {},
): Promise<Session> {
  const taps = options.taps ?? [];
  if (typeof source === 'string' && taps.length > 0) {
    throw new SessionError({
      code: 'ORT_TAPS',
      message: 'taps need a model in memory.',
      remedy: 'Load it with loadOnnx first.',
    });
  }
  const ort = await importOnnxRuntime();
  const sessionOptions: InferenceSession.SessionOptions = {
    intraOpNumThreads: options.threads ?? 1,
    interOpNumThreads: 1,
    graphOptimizationLevel: options.optimization ?? 'all',
    logSeverityLevel: 3,
  };
  try {
    const session = await withModelFile(source, taps, (target) =>
      typeof target === 'string'
        ? ort.InferenceSession.create(target, sessionOptions)
        : ort.InferenceSession.create(target, sessionOptions),
    );
    const own =
      typeof source === 'string' ? session.outputNames : source.graph.outputs.map((value) => value.name);
    return new OnnxRuntimeSession(session, ort.Tensor, new Set(own), new Set(taps));
  } catch (error) {
    if (error instanceof OctavoError) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    throw new SessionError({
      code: 'ORT_LOAD',
      message: `onnxruntime refused the model: ${reason.replace(/\.?\s*$/, '.')}`,
      remedy: 'Run the model on our own backends, or repair what onnxruntime names.',
      cause: error,
    });
  }
}

async function importOnnxRuntime(): Promise<OrtModule> {
  try {
    return await import('onnxruntime-node');
  } catch (error) {
    throw new SessionError({
      code: 'ORT_MISSING',
      message: 'onnxruntime-node is not installed.',
      remedy: 'Run `ONNXRUNTIME_NODE_INSTALL=skip npm install onnxruntime-node`, or choose another backend.',
      cause: error,
    });
  }
}

/**
 * Hands a model over as a path or as bytes: tensors that are not in memory go through a temporary file, which is
 * removed as soon as onnxruntime has read it.
 */
async function withModelFile<T>(
  source: Model | string,
  taps: readonly string[],
  open: (target: string | Uint8Array) => Promise<T>,
): Promise<T> {
  if (typeof source === 'string') return open(source);
  const model = withTaps(source, taps);
  if (model.graph.initializers.every((value) => value.constant?.storage.resident))
    return open(encodeModel(model));
  const folder = await mkdtemp(join(tmpdir(), 'octavo-'));
  try {
    const path = join(folder, 'model.onnx');
    await saveOnnx(model, path);
    return await open(path);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function withTaps(source: Model, taps: readonly string[]): Model {
  if (taps.length === 0) return source;
  const model = cloneModel(source);
  for (const name of taps) {
    const value = model.graph.value(name);
    if (!value)
      throw new SessionError({
        code: 'TAP_UNKNOWN',
        where: `value ${name}`,
        message: 'the graph has no such value to tap.',
      });
    if (value.producer && !model.graph.isOutput(value)) model.graph.outputs.push(value);
  }
  return model;
}

class OnnxRuntimeSession implements Session {
  readonly inputs: readonly Port[];
  readonly outputs: readonly Port[];
  private readonly session: InferenceSession;
  private readonly makeTensor: OrtTensorConstructor;
  private readonly taps: ReadonlySet<string>;
  private disposed = false;

  constructor(
    session: InferenceSession,
    makeTensor: OrtTensorConstructor,
    own: ReadonlySet<string>,
    taps: ReadonlySet<string>,
  ) {
    this.session = session;
    this.makeTensor = makeTensor;
    this.taps = taps;
    this.inputs = session.inputMetadata.map(portOf);
    this.outputs = session.outputMetadata.filter((metadata) => own.has(metadata.name)).map(portOf);
  }

  async run(feeds: NamedTensors, options: RunOptions = {}): Promise<NamedTensors> {
    if (this.disposed)
      throw new SessionError({ code: 'SESSION_DISPOSED', message: 'this session was disposed.' });
    options.signal?.throwIfAborted();
    const tensors = checkFeeds(this.inputs, feeds);
    const ortFeeds: Record<string, OrtTensor> = {};
    this.inputs.forEach((port, index) => {
      const tensor = tensors[index];
      if (!tensor) return;
      ortFeeds[port.name] = toOrt(this.makeTensor, tensor);
      if (this.taps.has(port.name)) options.onTap?.(port.name, tensor);
    });
    const results = await this.session.run(ortFeeds);
    const outputs: Record<string, Tensor> = {};
    const wanted = new Set(this.outputs.map((port) => port.name));
    for (const [name, result] of Object.entries(results)) {
      const tensor = fromOrt(result as OrtTensor);
      if (wanted.has(name)) outputs[name] = tensor;
      if (this.taps.has(name)) options.onTap?.(name, tensor);
    }
    return outputs;
  }

  runSync(): NamedTensors {
    throw new SessionError({
      code: 'SESSION_ASYNC',
      message: 'onnxruntime runs asynchronously only.',
      remedy: 'Use run().',
    });
  }

  explain(): Explanation {
    return createExplanation([
      {
        node: '(whole graph)',
        op: '',
        backend: 'onnxruntime',
        kernel: 'onnxruntime',
        dtype: '',
        declined: [],
      },
    ]);
  }

  dispose(): void {
    if (this.disposed) return;
    this.disposed = true;
    void this.session.release();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }
}

function portOf(metadata: InferenceSession.ValueMetadata): Port {
  if (!metadata.isTensor || !isDType(metadata.type)) {
    throw new SessionError({
      code: 'SESSION_TYPE',
      where: `value ${metadata.name}`,
      message: 'sessions take and give tensors of known dtype only.',
    });
  }
  return {
    name: metadata.name,
    dtype: metadata.type,
    shape: metadata.shape.map((dim) => (typeof dim === 'number' && dim < 0 ? null : dim)),
  };
}
