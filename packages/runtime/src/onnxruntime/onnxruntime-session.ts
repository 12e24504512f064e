import { isDType, type Tensor } from '@octavo/core/tensor';
import type { InferenceSession, Tensor as OrtTensor } from 'onnxruntime-common';
import { createExplanation, type Explanation } from '../explain.js';
import { checkFeeds, checkShapes } from '../feeds.js';

import {
  DEFAULT_ROUNDS,
  type ProfileOptions,
  type SessionProfile,
  summarizeRuns,
  type TimedRun,
} from '../profile.js';
import type { BoundRun, NamedShapes, NamedTensors, Port, RunOptions, Session } from '../session.js';
import { SessionError } from '../session-error.js';
import type { SessionToken } from '../session-token.js';
import { runsAsynchronously } from '../stage-list.js';
import { fromOrt, type OrtTensorConstructor, toOrt } from './tensors.js';

/** A session of onnxruntime, whatever build of it. */
export class OnnxRuntimeSession implements Session {
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
    throw runsAsynchronously('onnxruntime');
  }

  /** Nothing is planned ahead; the shapes are checked. */
  async prepare(shapes: NamedShapes): Promise<void> {
    checkShapes(this.inputs, shapes);
  }

  async bind(): Promise<BoundRun> {
    throw runsAsynchronously('onnxruntime');
  }

  share(): SessionToken {
    throw new SessionError({
      code: 'SESSION_NOT_SHAREABLE',
      message: 'onnxruntime keeps its sessions in one thread.',
      remedy: 'Create a session of its own in each worker.',
    });
  }

  /** onnxruntime does not tell what its nodes cost through this interface: the whole graph is one entry. */
  async profile(
    feeds: NamedTensors,
    { rounds = DEFAULT_ROUNDS, signal }: ProfileOptions = {},
  ): Promise<SessionProfile> {
    await this.run(feeds, { ...(signal ? { signal } : {}) });
    const runs: TimedRun[] = [];
    for (let round = 0; round < rounds; round++) {
      const began = performance.now();
      await this.run(feeds, { ...(signal ? { signal } : {}) });
      const milliseconds = performance.now() - began;
      runs.push({ milliseconds, spans: [{ node: 0, start: 0, duration: milliseconds }] });
    }
    return summarizeRuns(this.explain().nodes, runs);
  }

  explain(): Explanation {
    return createExplanation([
      {
        node: '(whole graph)',
        op: '',
        backend: 'onnxruntime',
        kernel: 'onnxruntime',
        dtype: '',
        fusedInto: null,
        notes: [],
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

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.disposed) return;
    this.disposed = true;
    await this.session.release();
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
    shape: metadata.shape.map((dim) => (dim === '' || (typeof dim === 'number' && dim < 0) ? null : dim)),
  };
}
