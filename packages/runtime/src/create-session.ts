import type { Backend, CompileOptions } from '@octavo/backend';
import { cloneModel, type Graph, type Model, type Value } from '@octavo/core/ir';
import { OctavoError } from '@octavo/core/tensor';
import { FoldingWork } from '@octavo/passes';
import { readModel } from '#read-model';
import { atSource } from './at-source.js';
import { BackendSession } from './backend-session.js';
import { withControlFlow } from './control-flow.js';
import { takeDefaults } from './default-inputs.js';
import { HeldPlan } from './held-plan.js';
import type { LoweredGraph } from './lower.js';
import { LoweredModel } from './lowered-model.js';
import { optimize } from './optimize.js';
import { compilePlan, type Plan } from './plan.js';
import { PlanCache } from './plan-cache.js';
import { declaredPorts, isWhole, type Ports, portsOf, portsThatHold } from './port.js';
import type { Session } from './session.js';
import { SessionError } from './session-error.js';
import { defaultShapes, hasFixedInputs } from './specialize.js';

export interface SessionOptions {
  /** In order of preference; each node goes to the first that supports it. */
  readonly backends: readonly Backend[];
  /** The most threads of a run; each backend has its own default. */
  readonly threads?: number;
  /** Names of intermediate values to report to `RunOptions.onTap`. */
  readonly taps?: readonly string[];
  /** Sizes of symbolic dimensions to plan for when the session is made (default 1 each). */
  readonly dims?: Readonly<Record<string, number>>;
  /** Plans kept for models with symbolic dimensions, one for each set of input shapes (default 8). */
  readonly maxPlans?: number;
  /**
   * The most bytes of one value of the model, weights aside (default 2 GiB): a file of a hundred bytes can ask for any
   * size.
   */
  readonly maxTensorBytes?: number;
}

const DEFAULT_PLANS = 8;

/**
 * Makes a model ready to run: copies and lowers its graph (Q/DQ pairs become quantized types), gives each node to
 * a backend and lets each backend pack its weights. The model is not changed.
 * @param source A model in memory, or where its ONNX file is: a path in Node, a URL in browsers.
 * @throws SessionError `OP_UNSUPPORTED` when no backend runs a node, `TAP_UNKNOWN` for a tap that names no value,
 *   `SESSION_OPTION` for numbers of threads, plans or bytes that are none and for `dims` that no input has;
 *   TensorError `TENSOR_TOO_LARGE` for a value that takes more than `maxTensorBytes`. Where the source is a path or URL,
 *   errors begin with it.
 */
export function createSession(source: Model | string, options: SessionOptions): Promise<Session> {
  return atSource(source, () => create(source, options));
}

async function create(source: Model | string, options: SessionOptions): Promise<Session> {
  const { taps = [], dims = {}, maxPlans = DEFAULT_PLANS } = options;
  const limits = compileLimits(options);
  checkCount('maxPlans', maxPlans);
  const model = typeof source === 'string' ? await readModel(source) : cloneModel(source);
  const defaults = await takeDefaults(model.graph);
  checkDims(model.graph, dims);
  const declared = declaredPorts(model.graph);
  const lowered = new LoweredModel(model, taps);
  // What follows asks for the open graph anyway: it had better be there for the first plan.
  if (taps.length > 0 || !declared.outputs.every(isWhole)) checkTaps((await lowered.open()).graph, taps);
  const compile = async ({ graph, passes, work }: LoweredGraph) => {
    const rest = new FoldingWork(work);
    const backends = withControlFlow(options.backends, limits, rest);
    const optimized = await optimize(graph, backends, taps, rest);
    const compiling = { ...limits, taps: tapped(graph, taps) };
    return compilePlan(graph, backends, compiling, [...passes, ...optimized]);
  };
  const plans = new PlanCache(maxPlans, async (shapes) => compile(await lowered.forShapes(shapes)));
  const parts = { defaults, taps: new Set(taps), plans };
  const isFixed = hasFixedInputs(model.graph);
  const planned = isFixed ? undefined : await planDefaultSizes(model.graph, dims, plans);
  if (planned) {
    const ports =
      portsThatHold(declared, planned.graph) ?? (await closingAtFault(plans, () => openPorts(lowered)));
    return new BackendSession({ ...parts, ports, first: planned, fixed: undefined, open: undefined });
  }
  const open = await lowered.open();
  const ports = portsOf(open.graph);
  const held = new HeldPlan(await compile(open));
  const use = isFixed ? { fixed: held, open: undefined } : { fixed: undefined, open: held };
  return new BackendSession({ ...parts, ports, first: held.plan, ...use });
}

async function openPorts(lowered: LoweredModel): Promise<Ports> {
  return portsOf((await lowered.open()).graph);
}

/** Frees the plans when the work fails: no session will. */
async function closingAtFault<T>(plans: PlanCache, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    plans.close();
    throw error;
  }
}

function checkCount(option: string, count: number | undefined): void {
  if (count === undefined || (Number.isSafeInteger(count) && count > 0)) return;
  throw new SessionError({
    code: 'SESSION_OPTION',
    where: `option ${option}`,
    message: `expected a whole number above 0, found ${count}.`,
    remedy: 'Leave it out for the default.',
  });
}

/** The plan for the default sizes; undefined where the model does not take them and nobody asked for them. */
async function planDefaultSizes(
  graph: Graph,
  dims: Readonly<Record<string, number>>,
  plans: PlanCache,
): Promise<Plan | undefined> {
  const shapes = defaultShapes(graph, dims);
  if (!shapes) return undefined;
  try {
    const { plan, release } = await plans.acquire(shapes);
    release();
    return plan;
  } catch (error) {
    const misfit = error instanceof OctavoError && error.code !== 'OP_UNSUPPORTED';
    if (!misfit || Object.keys(dims).length > 0) throw error;
    return undefined;
  }
}

function checkTaps(graph: Graph, taps: readonly string[]): void {
  const unknown = taps.find((name) => !graph.value(name));
  if (unknown === undefined) return;
  throw new SessionError({
    code: 'TAP_UNKNOWN',
    where: `value ${unknown}`,
    message: 'the lowered graph has no such value to tap.',
    remedy: 'Tap a value of the model; values that lowering folds away cannot be tapped.',
  });
}

function checkDims({ inputs }: Graph, dims: Readonly<Record<string, number>>): void {
  const named = inputs.flatMap(({ shape }) => shape ?? []).filter((dim) => typeof dim === 'string');
  const unknown = Object.keys(dims).find((name) => !named.includes(name));
  if (unknown === undefined) return;
  const known = [...new Set(named)].join(', ');
  throw new SessionError({
    code: 'SESSION_OPTION',
    where: 'option dims',
    message: `no input has a dimension ${unknown}; ${known ? `there are ${known}` : 'all have numbers'}.`,
    remedy: 'Name the symbolic dimensions of the inputs.',
  });
}

function tapped(graph: Graph, taps: readonly string[]): ReadonlySet<Value> {
  return new Set(taps.flatMap((name) => graph.value(name) ?? []));
}

function compileLimits({ threads, maxTensorBytes }: SessionOptions): Omit<CompileOptions, 'taps'> {
  checkCount('threads', threads);
  checkCount('maxTensorBytes', maxTensorBytes);
  return {
    ...(threads === undefined ? {} : { threads }),
    ...(maxTensorBytes === undefined ? {} : { maxTensorBytes }),
  };
}
