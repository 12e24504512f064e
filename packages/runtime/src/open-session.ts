import type { Backend, Runnable } from '@octavo/backend';
import { type Tensor, tensorFromBytes } from '@octavo/core/tensor';
import { createExplanation, type Explanation } from './explain.js';
import { checkFeeds } from './feeds.js';
import type { NamedTensors } from './session.js';
import { SessionError } from './session-error.js';
import type { SessionToken, StageToken, TensorToken } from './session-token.js';

/** A session that another thread compiled: runs its programs on its weights. */
export interface OpenedSession {
  readonly inputs: SessionToken['inputs'];
  readonly outputs: SessionToken['outputs'];
  run(feeds: NamedTensors): Promise<NamedTensors>;
  runSync(feeds: NamedTensors): NamedTensors;
  explain(): Explanation;
  /** Lets go of what the other thread shared; safe to call twice. */
  dispose(): void;
  [Symbol.dispose](): void;
}

interface OpenedStage extends StageToken {
  readonly runnable: Runnable;
}

/**
 * Opens a session from the token that `session.share()` gave in another thread of this process.
 * @throws SessionError `SESSION_TOKEN` for something else than a token, `SESSION_BACKEND` when a backend of the token is not among `backends` or cannot open; what
 *   `Backend.open` throws when the session is gone.
 */
export function openSession(
  token: SessionToken,
  options: { readonly backends: readonly Backend[] },
): OpenedSession {
  checkToken(token);
  const stages: OpenedStage[] = [];
  try {
    for (const stage of token.stages) {
      const backend = options.backends.find(({ id }) => id === stage.backend);
      if (!backend?.open) {
        throw new SessionError({
          code: 'SESSION_BACKEND',
          message: `the session was compiled by backend ${stage.backend}, which ${backend ? 'opens nothing' : 'is not given'}.`,
          remedy: `Open it with { backends: [${stage.backend}()] }.`,
        });
      }
      stages.push({ ...stage, runnable: backend.open(stage.executable) });
    }
  } catch (error) {
    for (const { runnable } of stages) runnable[Symbol.dispose]();
    throw error;
  }
  return new TokenSession(token, stages);
}

/** A message between threads may be anything. */
function checkToken(token: Partial<SessionToken> | null | undefined): void {
  const lists = [
    token?.inputs,
    token?.outputs,
    token?.defaults,
    token?.constants,
    token?.stages,
    token?.nodes,
  ];
  if (lists.every(Array.isArray)) return;
  throw new SessionError({
    code: 'SESSION_TOKEN',
    message: 'this is no token of a session.',
    remedy: 'Send what session.share() returns with postMessage, and open that.',
  });
}

class TokenSession implements OpenedSession {
  readonly inputs: SessionToken['inputs'];
  private readonly token: SessionToken;
  private readonly constants: readonly (readonly [number, Tensor])[];
  private readonly stages: readonly OpenedStage[];
  private disposed = false;

  constructor(token: SessionToken, stages: readonly OpenedStage[]) {
    this.token = token;
    this.stages = stages;
    this.inputs = token.inputs.map((port) => {
      const preset = token.defaults.find(({ input }) => input === port.name);
      return preset ? { ...port, default: tensorOf(preset) } : port;
    });
    this.constants = token.constants.map((each) => [each.slot, tensorOf(each)]);
  }

  get outputs(): SessionToken['outputs'] {
    return this.token.outputs;
  }

  async run(feeds: NamedTensors): Promise<NamedTensors> {
    const values = this.begin(feeds);
    for (const stage of this.stages) keep(stage, await stage.runnable.run(operands(stage, values)), values);
    return this.collect(values);
  }

  runSync(feeds: NamedTensors): NamedTensors {
    const values = this.begin(feeds);
    for (const stage of this.stages) {
      if (!stage.runnable.runSync) {
        throw new SessionError({
          code: 'SESSION_ASYNC',
          message: `backend ${stage.backend} runs asynchronously only.`,
          remedy: 'Use run().',
        });
      }
      keep(stage, stage.runnable.runSync(operands(stage, values)), values);
    }
    return this.collect(values);
  }

  explain(): Explanation {
    return createExplanation(this.token.nodes);
  }

  dispose(): void {
    if (this.disposed) return;
    this.disposed = true;
    for (const { runnable } of this.stages) runnable[Symbol.dispose]();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  private begin(feeds: NamedTensors): Map<number, Tensor> {
    if (this.disposed)
      throw new SessionError({ code: 'SESSION_DISPOSED', message: 'this session was disposed.' });
    const tensors = checkFeeds(this.inputs, feeds);
    const values = new Map(this.constants);
    this.inputs.forEach(({ slot }, index) => {
      const tensor = tensors[index];
      if (tensor) values.set(slot, tensor);
    });
    return values;
  }

  private collect(values: ReadonlyMap<number, Tensor>): NamedTensors {
    return Object.fromEntries(this.outputs.map(({ name, slot }) => [name, found(values, slot)]));
  }
}

function tensorOf({ dtype, shape, bytes }: TensorToken): Tensor {
  return tensorFromBytes(dtype, shape, bytes);
}

function operands(stage: StageToken, values: ReadonlyMap<number, Tensor>): Tensor[] {
  return stage.inputs.map((slot) => found(values, slot));
}

function keep(stage: StageToken, results: readonly Tensor[], values: Map<number, Tensor>): void {
  stage.outputs.forEach((slot, index) => {
    const tensor = results[index];
    if (tensor) values.set(slot, tensor);
  });
}

function found(values: ReadonlyMap<number, Tensor>, slot: number): Tensor {
  const tensor = values.get(slot);
  if (tensor) return tensor;
  throw new SessionError({
    code: 'SESSION_VALUE',
    message: 'a backend did not compute a value that it owes.',
  });
}
