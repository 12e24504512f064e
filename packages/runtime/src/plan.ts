import type { Backend, CompileOptions, Executable, Tap } from '@octavo/backend';
import { type Graph, knownShape, type Node, type PassRecord, type Value } from '@octavo/core/ir';
import { checkTensorBytes, MAX_TENSOR_BYTES, type StoredTensor, type Tensor } from '@octavo/core/tensor';
import type { NodeExplanation } from './explain.js';
import { boundary, type Decline, partition } from './partition.js';
import { SessionError } from './session-error.js';

/** A run of nodes on one backend; `inputs` and `outputs` are positions in the values of a run. */
export interface Stage {
  readonly backend: Backend;
  readonly executable: Executable;
  readonly inputs: readonly number[];
  readonly outputs: readonly number[];
  readonly declined: ReadonlyMap<Node, readonly Decline[]>;
}

/** The values of one run that cross stages, by position; undefined before they are computed. */
export type RunValues = (Tensor | undefined)[];

/** A graph compiled stage by stage for the shapes that it says. */
export class Plan {
  readonly graph: Graph;
  /** What was done to the graph for this plan. */
  readonly passes: readonly PassRecord[];
  readonly stages: readonly Stage[];
  /** Positions of the graph's inputs and outputs in the values of a run. */
  readonly inputs: readonly number[];
  readonly outputs: readonly number[];
  /** The values of a run before it begins: constants that are outputs. */
  private readonly initial: Readonly<RunValues>;
  private disposed = false;

  constructor(graph: Graph, stages: readonly Stage[], slots: Slots, passes: readonly PassRecord[]) {
    this.graph = graph;
    this.passes = passes;
    this.stages = stages;
    this.inputs = graph.inputs.map((value) => slots.of(value));
    this.outputs = graph.outputs.map((value) => slots.of(value));
    this.initial = slots.values;
  }

  async run(inputs: readonly Tensor[], tap?: Tap, signal?: AbortSignal): Promise<Tensor[]> {
    const values = this.begin(inputs);
    for (const stage of this.stages) {
      signal?.throwIfAborted();
      keep(stage, await stage.executable.run(operands(stage, values), tap, signal), values);
    }
    return this.collect(values);
  }

  runSync(inputs: readonly Tensor[], tap?: Tap, signal?: AbortSignal): Tensor[] {
    const values = this.begin(inputs);
    for (const stage of this.stages) {
      signal?.throwIfAborted();
      const { executable, backend } = stage;
      if (!executable.runSync) throw runsAsynchronously(backend.id);
      keep(stage, executable.runSync(operands(stage, values), tap), values);
    }
    return this.collect(values);
  }

  /** The constants that are outputs, by position. */
  get constants(): readonly (readonly [number, Tensor])[] {
    return this.initial.flatMap((tensor, slot) => (tensor ? [[slot, tensor] as const] : []));
  }

  /** The values of a run before its first stage. */
  begin(inputs: readonly Tensor[]): RunValues {
    const values = this.initial.slice();
    this.inputs.forEach((slot, index) => {
      values[slot] = inputs[index];
    });
    return values;
  }

  /** The outputs of a run after its last stage. */
  collect(values: Readonly<RunValues>): Tensor[] {
    return this.outputs.map((slot) => required(values[slot]));
  }

  explain(): NodeExplanation[] {
    return this.stages.flatMap(({ executable, backend, declined }) =>
      executable.plan.map(({ node, kernel, fusedInto, notes }) => ({
        node: node.label,
        op: node.op.name,
        backend: backend.id,
        kernel,
        dtype: dtypeOf(node),
        fusedInto: fusedInto?.label ?? null,
        notes: notes ?? [],
        declined: declined.get(node) ?? [],
      })),
    );
  }

  dispose(): void {
    if (this.disposed) return;
    this.disposed = true;
    for (const { executable } of this.stages) executable[Symbol.dispose]();
  }
}

/** Gives values that cross stages their positions. */
class Slots {
  readonly values: RunValues = [];
  private readonly byValue = new Map<Value, number>();

  of(value: Value): number {
    let slot = this.byValue.get(value);
    if (slot === undefined) {
      slot = this.values.length;
      this.byValue.set(value, slot);
      this.values.push(undefined);
    }
    return slot;
  }
}

/**
 * Gives each node of a lowered graph to a backend and lets each backend compile its part.
 * @throws SessionError `OP_UNSUPPORTED` when no backend runs a node; TensorError `TENSOR_TOO_LARGE` for a value that takes
 *   more bytes than `maxTensorBytes`.
 */
export async function compilePlan(
  graph: Graph,
  backends: readonly Backend[],
  options: CompileOptions,
  passes: readonly PassRecord[],
): Promise<Plan> {
  checkSizes(graph, options.maxTensorBytes);
  const slots = new Slots();
  const stages: Stage[] = [];
  const loaded = new Map<StoredTensor, Promise<Tensor>>();
  try {
    for (const { backend, nodes, declined } of partition(graph, backends)) {
      const { inputs, outputs } = boundary(graph, nodes);
      const constant = (value: Value) => loadOnce(value, loaded);
      const executable = await backend.compile({ graph, nodes, inputs, outputs, constant }, options);
      const slotsOf = (values: readonly Value[]) => values.map((value) => slots.of(value));
      stages.push({ backend, executable, inputs: slotsOf(inputs), outputs: slotsOf(outputs), declined });
    }
    for (const value of graph.outputs) {
      if (value.constant) slots.values[slots.of(value)] = await loadOnce(value, loaded);
    }
    return new Plan(graph, stages, slots, passes);
  } catch (error) {
    for (const { executable } of stages) executable[Symbol.dispose]();
    throw error;
  }
}

/** Refuses values that are too large, as far as their shapes are known, before any backend asks for their memory. */
function checkSizes(graph: Graph, limit = MAX_TENSOR_BYTES): void {
  for (const value of graph.values) {
    const shape = value.constant ? undefined : knownShape(value.shape);
    if (!shape || !value.dtype) continue;
    const { producer } = value;
    const place = producer ? `node ${producer.label} (${producer.op.name}), output` : 'input';
    checkTensorBytes(value.dtype, shape, limit, `${place} ${value.name}`);
  }
}

function loadOnce(value: Value, loaded: Map<StoredTensor, Promise<Tensor>>): Promise<Tensor> {
  const { constant } = value;
  if (!constant) {
    throw new SessionError({
      code: 'SESSION_CONSTANT',
      where: `value ${value.name}`,
      message: 'a backend asked for the elements of a value that is not constant.',
    });
  }
  const known = loaded.get(constant);
  if (known) return known;
  const tensor = constant.load();
  loaded.set(constant, tensor);
  return tensor;
}

/** What a stage takes, in its order. */
export function operands(stage: Stage, values: Readonly<RunValues>): Tensor[] {
  return stage.inputs.map((slot) => required(values[slot]));
}

/** Puts the results of a stage where later ones find them. */
export function keep(stage: Stage, results: readonly Tensor[], values: RunValues): void {
  stage.outputs.forEach((slot, index) => {
    values[slot] = results[index];
  });
}

export function runsAsynchronously(backend: string): SessionError {
  return new SessionError({
    code: 'SESSION_ASYNC',
    message: `backend ${backend} runs asynchronously only.`,
    remedy: 'Use run().',
  });
}

function required(tensor: Tensor | undefined): Tensor {
  if (tensor) return tensor;
  throw new SessionError({
    code: 'SESSION_VALUE',
    message: 'a backend did not compute a value that it owes.',
  });
}

/** The dtype that tells how a node computes: the storage of its first quantized operand, else its output's dtype. */
function dtypeOf(node: Node): string {
  const values = [...node.inputs, ...node.outputs];
  return values.find((value) => value?.quantized)?.dtype ?? node.output?.dtype ?? '';
}
