import type { Shape, Tensor } from '@octavo/core/tensor';
import { bindPlan, givenOutputs } from './bind-plan.js';
import { createExplanation, type Explanation } from './explain.js';
import { checkFeeds, checkShapes } from './feeds.js';
import type { HeldPlan, PlanLease } from './held-plan.js';
import type { Plan } from './plan.js';
import type { PlanCache } from './plan-cache.js';
import type { Ports } from './port.js';
import type { ProfileOptions, SessionProfile } from './profile.js';
import { profilePlan } from './profile-plan.js';
import { tapOf, tellInputs } from './run-tap.js';
import type { BoundRun, NamedShapes, NamedTensors, Port, RunOptions, Session } from './session.js';
import { SessionError } from './session-error.js';
import type { SessionToken } from './session-token.js';
import { tokenOf } from './share-plan.js';
import { namedTensors } from './stage-list.js';

/** What a session is made of. */
export interface SessionParts {
  readonly ports: Ports;
  /** Of the inputs that have one, by name. */
  readonly defaults: ReadonlyMap<string, Tensor>;
  readonly taps: ReadonlySet<string>;
  /** What `explain()` shows before the first run. */
  readonly first: Plan;
  /** The plan for every feed, where the model says all shapes. */
  readonly fixed: HeldPlan | undefined;
  /** Plans by shape, for models that leave dimensions open. */
  readonly plans: PlanCache;
  /** Shows what would run a model whose shapes are open; runs nothing. */
  readonly open: HeldPlan | undefined;
}

/** A session on our own backends. */
export class BackendSession implements Session {
  readonly inputs: readonly Port[];
  readonly outputs: readonly Port[];
  private readonly parts: SessionParts;
  private readonly outputNames: readonly string[];
  private latest: Plan;
  private disposed = false;

  constructor(parts: SessionParts) {
    this.parts = parts;
    this.latest = parts.first;
    this.inputs = parts.ports.inputs.map((port) => {
      const preset = parts.defaults.get(port.name);
      return preset ? { ...port, default: preset } : port;
    });
    this.outputs = parts.ports.outputs;
    this.outputNames = this.outputs.map((port) => port.name);
  }

  async run(feeds: NamedTensors, options: RunOptions = {}): Promise<NamedTensors> {
    const inputs = this.begin(feeds, options);
    const results = await this.usePlan(inputs, (plan) =>
      plan.run(inputs, tapOf(this.parts.taps, options), options.signal),
    );
    return namedTensors(this.outputNames, results);
  }

  runSync(feeds: NamedTensors, options: RunOptions = {}): NamedTensors {
    const inputs = this.begin(feeds, options);
    return namedTensors(
      this.outputNames,
      this.readyPlan(inputs).runSync(inputs, tapOf(this.parts.taps, options), options.signal),
    );
  }

  async prepare(shapes: NamedShapes): Promise<void> {
    this.checkAlive();
    const list = checkShapes(this.inputs, shapes);
    if (this.parts.fixed) return;
    const lease = await this.parts.plans.acquire(list);
    this.latest = lease.plan;
    lease.release();
  }

  async bind(inputs: NamedTensors, outputs: NamedTensors = {}): Promise<BoundRun> {
    this.checkAlive();
    const tensors = checkFeeds(this.inputs, inputs);
    const given = givenOutputs(this.outputNames, outputs);
    const lease = await this.lease(tensors);
    try {
      const bound = bindPlan(lease.plan, tensors, given);
      return {
        inputs,
        outputs: namedTensors(this.outputNames, bound.outputs),
        run: () => {
          this.checkAlive();
          bound.run();
        },
        [Symbol.dispose]: () => {
          bound.dispose();
          lease.release();
        },
      };
    } catch (error) {
      lease.release();
      throw error;
    }
  }

  explain(): Explanation {
    return createExplanation(this.latest.explain(), this.latest.passes);
  }

  async profile(feeds: NamedTensors, options: ProfileOptions = {}): Promise<SessionProfile> {
    const inputs = this.begin(feeds, options);
    return this.usePlan(inputs, (plan) => profilePlan(plan, inputs, options));
  }

  share(): SessionToken {
    this.checkAlive();
    return tokenOf(this.latest, this.parts.defaults, this.parts.taps);
  }

  dispose(): void {
    if (this.disposed) return;
    this.disposed = true;
    this.parts.plans.close();
    this.parts.fixed?.retire();
    this.parts.open?.retire();
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
    tellInputs(this.inputs, tensors, tapOf(this.parts.taps, options));
    return tensors;
  }

  private async usePlan<T>(inputs: readonly Tensor[], work: (plan: Plan) => Promise<T>): Promise<T> {
    const { plan, release } = await this.lease(inputs);
    try {
      return await work(plan);
    } finally {
      release();
    }
  }

  private async lease(inputs: readonly Tensor[]): Promise<PlanLease> {
    const { plans, fixed } = this.parts;
    if (fixed) return fixed.lease();
    const lease = await plans.acquire(shapesOf(inputs));
    this.latest = lease.plan;
    return lease;
  }

  private readyPlan(inputs: readonly Tensor[]): Plan {
    const { plans, fixed } = this.parts;
    if (fixed) return fixed.plan;
    const plan = plans.ready(shapesOf(inputs));
    if (!plan) throw unplanned(this.inputs, inputs);
    this.latest = plan;
    return plan;
  }

  private checkAlive(): void {
    if (!this.disposed) return;
    throw new SessionError({ code: 'SESSION_DISPOSED', message: 'this session was disposed.' });
  }
}

function shapesOf(tensors: readonly Tensor[]): Shape[] {
  return tensors.map((tensor) => tensor.shape);
}

function unplanned(ports: readonly Port[], inputs: readonly Tensor[]): SessionError {
  const shapes = ports.map((port, index) => `${port.name} [${inputs[index]?.shape.join(', ')}]`);
  return new SessionError({
    code: 'SESSION_UNPLANNED',
    message: `there is no plan for ${shapes.join(', ')}, and planning takes time that runSync does not have.`,
    remedy: 'Call prepare() with these shapes first, or use run().',
  });
}
