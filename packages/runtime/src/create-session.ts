import type { Backend, CompileOptions } from '@octavo/backend';
import { cloneModel, type Graph, type Model, type Value } from '@octavo/core/ir';
import { OctavoError } from '@octavo/core/tensor';
import { FoldingWork } from '@octavo/passes';
import { readModel } from '#read-model';
import { BackendSession } from './backend-session.js';
import { withControlFlow } from './control-flow.js';
import { takeDefaults } from './default-inputs.js';
import { HeldPlan } from './held-plan.js';
import { lower } from './lower.js';
import { optimize } from './optimize.js';
import { compilePlan, type Plan } from './plan.js';
import { PlanCache } from './plan-cache.js';
import { portOf } from './port.js';
import type { Session } from './session.js';
import { SessionError } from './session-error.js';
import { defaultShapes, hasFixedInputs, type LoweredGraph, specialize } from './specialize.js';

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
 *   TensorError `TENSOR_TOO_LARGE` for a value that takes more than `maxTensorBytes`.
 */
export async function createSession(source: Model | string, options: SessionOptions): Promise<Session> {
  const { taps = [], dims = {}, maxPlans = DEFAULT_PLANS } = options;
  const limits = compileLimits(options);
  checkCount('maxPlans', maxPlans);
  const model = typeof source === 'string' ? await readModel(source) : cloneModel(source);
  const defaults = await takeDefaults(model.graph);
  checkDims(model.graph, dims);
  const work = new FoldingWork();
  const lowered = await lower(model, taps, work);
  const { graph } = lowered;
  for (const value of [...graph.inputs, ...graph.outputs]) portOf(value);
  checkTaps(graph, taps);
  const compile = async (each: Graph, before: FoldingWork) => {
    const rest = new FoldingWork(before);
    const backends = withControlFlow(options.backends, limits, rest);
    const passes = await optimize(each, backends, taps, rest);
    return compilePlan(each, backends, { ...limits, taps: tapped(each, taps) }, passes);
  };
  const plans = new PlanCache(maxPlans, async (shapes) => {
    const shaped = new FoldingWork(work);
    const special = await specialize(graph, shapes, taps, shaped);
    return compile(special.graph, shaped);
  });
  const parts = { lowered, defaults, taps: new Set(taps), plans };
  if (hasFixedInputs(graph)) {
    const fixed = new HeldPlan(await compile(graph, work));
    return new BackendSession({ ...parts, first: fixed.plan, fixed, open: undefined });
  }
  const planned = await planDefaultSizes(lowered, dims, plans);
  if (planned) return new BackendSession({ ...parts, first: planned, fixed: undefined, open: undefined });
  const open = new HeldPlan(await compile(graph, work));
  return new BackendSession({ ...parts, first: open.plan, fixed: undefined, open });
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
  { graph }: LoweredGraph,
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
