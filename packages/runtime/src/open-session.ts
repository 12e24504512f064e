import type { Backend } from '@octavo/backend';
import { type Tensor, tensorFromBytes } from '@octavo/core/tensor';
import { bindPlan, givenOutputs } from './bind-plan.js';
import { createExplanation, type Explanation, type NodeExplanation } from './explain.js';
import { checkFeeds } from './feeds.js';
import type { ProfileOptions, SessionProfile } from './profile.js';
import { profilePlan } from './profile-plan.js';
import { tapOf, tellInputs } from './run-tap.js';
import type { BoundRun, NamedTensors, Port, RunOptions, Session } from './session.js';
import { SessionError } from './session-error.js';
import type { SessionToken, TensorToken } from './session-token.js';
import { namedTensors, type RunnableStage, type RunValues, StageList } from './stage-list.js';

/**
 * A session that another thread compiled: runs its programs on its weights, for the input shapes that were planned there
 * last, and tells the values that it was made to tell.
 */
export interface OpenedSession
  extends Pick<
    Session,
    | 'inputs'
    | 'outputs'
    | 'run'
    | 'runSync'
    | 'bind'
    | 'profile'
    | 'explain'
    | 'dispose'
    | typeof Symbol.dispose
    | typeof Symbol.asyncDispose
  > {}

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
  const stages: RunnableStage[] = [];
  try {
    for (const { backend: id, executable, ...stage } of token.stages) {
      const backend = options.backends.find((each) => each.id === id);
      if (!backend?.open) {
        throw new SessionError({
          code: 'SESSION_BACKEND',
          message: `the session was compiled by backend ${id}, which ${backend ? 'opens nothing' : 'is not given'}.`,
          remedy: `Open it with { backends: [${id}()] }.`,
        });
      }
      stages.push({ ...stage, backend, executable: backend.open(executable) });
    }
  } catch (error) {
    for (const { executable } of stages) executable[Symbol.dispose]();
    throw error;
  }
  return new TokenSession(token, new OpenedPlan(token, stages));
}

/** A message between threads may be anything. */
function checkToken(token: Partial<SessionToken> | null | undefined): void {
  const lists = [
    token?.inputs,
    token?.outputs,
    token?.defaults,
    token?.constants,
    token?.taps,
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

class OpenedPlan extends StageList {
  private readonly nodes: readonly NodeExplanation[];

  constructor({ inputs, outputs, constants, nodes }: SessionToken, stages: readonly RunnableStage[]) {
    const initial: RunValues = [];
    for (const each of constants) initial[each.slot] = tensorOf(each);
    super(stages, {
      inputs: inputs.map(({ slot }) => slot),
      outputs: outputs.map(({ slot }) => slot),
      outputNames: outputs.map(({ name }) => name),
      initial,
    });
    this.nodes = nodes;
  }

  override explain(): readonly NodeExplanation[] {
    return this.nodes;
  }
}

class TokenSession implements OpenedSession {
  readonly inputs: readonly Port[];
  readonly outputs: readonly Port[];
  private readonly plan: OpenedPlan;
  private readonly taps: ReadonlySet<string>;
  private disposed = false;

  constructor({ inputs, outputs, defaults, taps }: SessionToken, plan: OpenedPlan) {
    this.plan = plan;
    this.taps = new Set(taps);
    this.outputs = outputs;
    this.inputs = inputs.map((port) => {
      const preset = defaults.find(({ input }) => input === port.name);
      return preset ? { ...port, default: tensorOf(preset) } : port;
    });
  }

  async run(feeds: NamedTensors, options: RunOptions = {}): Promise<NamedTensors> {
    const inputs = this.begin(feeds, options);
    return this.named(await this.plan.run(inputs, tapOf(this.taps, options), options.signal));
  }

  runSync(feeds: NamedTensors, options: RunOptions = {}): NamedTensors {
    const inputs = this.begin(feeds, options);
    return this.named(this.plan.runSync(inputs, tapOf(this.taps, options), options.signal));
  }

  async bind(inputs: NamedTensors, outputs: NamedTensors = {}): Promise<BoundRun> {
    const tensors = this.begin(inputs, {});
    const bound = bindPlan(this.plan, tensors, givenOutputs(this.plan.slots.outputNames, outputs));
    return {
      inputs,
      outputs: this.named(bound.outputs),
      run: () => {
        this.checkAlive();
        bound.run();
      },
      [Symbol.dispose]: () => bound.dispose(),
    };
  }

  async profile(feeds: NamedTensors, options: ProfileOptions = {}): Promise<SessionProfile> {
    return profilePlan(this.plan, this.begin(feeds, {}), options);
  }

  explain(): Explanation {
    return createExplanation(this.plan.explain());
  }

  dispose(): void {
    this.disposed = true;
    this.plan.dispose();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.dispose();
  }

  private begin(feeds: NamedTensors, options: RunOptions): Tensor[] {
    this.checkAlive();
    options.signal?.throwIfAborted();
    const tensors = checkFeeds(this.inputs, feeds);
    tellInputs(this.inputs, tensors, tapOf(this.taps, options));
    return tensors;
  }

  private named(results: readonly Tensor[]): NamedTensors {
    return namedTensors(this.plan.slots.outputNames, results);
  }

  private checkAlive(): void {
    if (!this.disposed) return;
    throw new SessionError({ code: 'SESSION_DISPOSED', message: 'this session was disposed.' });
  }
}

function tensorOf({ dtype, shape, bytes }: TensorToken): Tensor {
  return tensorFromBytes(dtype, shape, bytes);
}
