import type { Backend, CompileOptions, Executable } from '@octavo/backend';
import { type Graph, knownShape, type Node, type PassRecord, type Value } from '@octavo/core/ir';
import {
  checkTensorBytes,
  MAX_TENSOR_BYTES,
  OctavoError,
  type StoredTensor,
  type Tensor,
} from '@octavo/core/tensor';
import type { NodeExplanation } from './explain.js';
import { boundary, type Decline, partition } from './partition.js';
import { SessionError } from './session-error.js';
import { type RunnableStage, type RunValues, StageList } from './stage-list.js';

/** A run of nodes that one backend compiled. */
export interface Stage extends RunnableStage {
  readonly backend: Backend;
  readonly executable: Executable;
  readonly declined: ReadonlyMap<Node, readonly Decline[]>;
}

/** A graph compiled stage by stage for the shapes that it says. */
export class Plan extends StageList<Stage> {
  readonly graph: Graph;
  /** What was done to the graph for this plan. */
  readonly passes: readonly PassRecord[];

  constructor(graph: Graph, stages: readonly Stage[], slots: Slots, passes: readonly PassRecord[]) {
    super(stages, {
      inputs: graph.inputs.map((value) => slots.of(value)),
      outputs: graph.outputs.map((value) => slots.of(value)),
      outputNames: graph.outputs.map(({ name }) => name),
      initial: slots.values,
    });
    this.graph = graph;
    this.passes = passes;
  }

  override explain(): NodeExplanation[] {
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
      stages.push({
        backend,
        executable,
        inputs: slotsOf(inputs),
        outputs: slotsOf(outputs),
        nodes: executable.plan.length,
        declined,
      });
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
    const { dtype } = value;
    if (!shape || !dtype) continue;
    try {
      checkTensorBytes(dtype, shape, limit);
    } catch (error) {
      throw error instanceof OctavoError ? error.within(placeOf(value)) : error;
    }
  }
}

function placeOf({ name, producer }: Value): string {
  return producer ? `node ${producer.label} (${producer.op.name}), output ${name}` : `input ${name}`;
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

/** The dtype that tells how a node computes: the storage of its first quantized operand, else its output's dtype. */
function dtypeOf(node: Node): string {
  const values = [...node.inputs, ...node.outputs];
  return values.find((value) => value?.quantized)?.dtype ?? node.output?.dtype ?? '';
}
