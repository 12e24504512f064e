import type { Node, Op, Value } from '@octavo/core/ir';
import { MAX_TENSOR_BYTES, OctavoError, type Tensor } from '@octavo/core/tensor';
import type {
  Backend,
  Executable,
  NodePlan,
  ProfiledRun,
  Span,
  Subgraph,
  SupportContext,
  Tap,
} from './backend.js';
import type { Kernel, Operands } from './kernel.js';
import { prepareStep, runStep, type Step } from './step.js';
import { unsupported } from './support.js';

/** A backend as a list of kernels. */
export interface BackendSpec {
  readonly id: string;
  /** Several kernels for one op are tried in order; the first that supports the node runs it. */
  readonly kernels: readonly Kernel[];
}

/** Milliseconds of computing after which a run that can be stopped lets the event loop turn. */
const LONGEST_TURN = 20;

/** Builds a backend that runs a subgraph node by node with the kernels given. */
export function defineBackend(spec: BackendSpec): Backend {
  const byOp = new Map<Op, Kernel[]>();
  for (const kernel of spec.kernels) byOp.set(kernel.op, [...(byOp.get(kernel.op) ?? []), kernel]);
  return {
    id: spec.id,
    supports(node, context) {
      const candidates = byOp.get(node.op);
      if (!candidates) return unsupported(`no ${node.op.name} kernel`);
      const answers = candidates.map((kernel) => kernel.supports(node, context));
      return (
        answers.find((answer) => answer.supported) ?? answers[0] ?? unsupported(`no ${node.op.name} kernel`)
      );
    },
    async compile(subgraph, { maxTensorBytes = MAX_TENSOR_BYTES } = {}) {
      const steps: Step[] = [];
      try {
        const { graph } = subgraph;
        for (const node of subgraph.nodes) {
          const context = { graph, opset: graph.opsetOf(node) };
          const kernel = supportingKernel(byOp.get(node.op), node, context);
          if (!kernel) throw declined(spec.id, node);
          const constants = await Promise.all(
            node.inputs.map((value) => (value?.constant ? subgraph.constant(value) : undefined)),
          );
          steps.push(await prepareStep(kernel, { node, opset: context.opset, constants, maxTensorBytes }));
        }
        return new StepList(spec.id, subgraph, steps, await loadConstants(subgraph));
      } catch (error) {
        for (const { kernel } of steps) kernel.dispose?.();
        throw error;
      }
    },
    async evaluate(node, inputs, { maxTensorBytes, ...context }) {
      const kernel = supportingKernel(byOp.get(node.op), node, context);
      if (!kernel) return undefined;
      const step = await prepareStep(kernel, {
        node,
        opset: context.opset,
        constants: inputs,
        maxTensorBytes,
      });
      try {
        return presentResults(spec.id, node, runStep(step, inputs, []));
      } finally {
        step.kernel.dispose?.();
      }
    },
    [Symbol.dispose]() {},
  };
}

/** Of the outputs that the node has. */
function presentResults(id: string, { outputs }: Node, results: Operands): readonly Tensor[] {
  const present: Tensor[] = [];
  for (let i = 0; i < outputs.length; i++) {
    const value = outputs[i];
    if (value) present.push(results[i] ?? notComputed(id, value));
  }
  return present;
}

function notComputed(id: string, value: Value | undefined): never {
  throw new OctavoError({
    code: 'BACKEND_MISSING_VALUE',
    where: `value ${value?.name}`,
    message: `backend ${id} needs it before it was computed.`,
  });
}

function declined(id: string, node: Node): OctavoError {
  return new OctavoError({
    code: 'BACKEND_UNSUPPORTED',
    where: `node ${node.label}`,
    message: `backend ${id} was given ${node.op.name}, which it declined.`,
  });
}

function supportingKernel(
  candidates: readonly Kernel[] | undefined,
  node: Node,
  context: SupportContext,
): Kernel | undefined {
  return candidates?.find((kernel) => kernel.supports(node, context).supported);
}

/** Constants that nodes read or that leave the subgraph, loaded once. */
async function loadConstants(subgraph: Subgraph): Promise<Map<Value, Tensor>> {
  const read = [...subgraph.nodes.flatMap((node) => node.operands), ...subgraph.outputs];
  const constants = new Map<Value, Tensor>();
  for (const value of new Set(read)) {
    if (value.constant) constants.set(value, await subgraph.constant(value));
  }
  return constants;
}

/** Where the operands and results of a step lie among the values of a run; -1 where an optional one is left out. */
interface StepSlots {
  readonly inputs: readonly number[];
  readonly captures: readonly number[];
  readonly outputs: readonly number[];
  /** Values that no later step reads. */
  readonly freed: readonly number[];
}

type RunValues = (Tensor | undefined)[];

/** Runs prepared kernels in order and frees each value after its last reader. */
class StepList implements Executable {
  readonly plan: readonly NodePlan[];
  private disposed = false;
  private readonly id: string;
  private readonly subgraph: Subgraph;
  private readonly steps: readonly Step[];
  private readonly slots: readonly StepSlots[];
  private readonly outputSlots: readonly number[];
  /** The subgraph's inputs come first; constants are there before a run. */
  private readonly values: readonly Value[];
  private readonly initial: Readonly<RunValues>;

  constructor(id: string, subgraph: Subgraph, steps: readonly Step[], constants: ReadonlyMap<Value, Tensor>) {
    this.id = id;
    this.subgraph = subgraph;
    this.steps = steps;
    this.plan = steps.map(({ node, kernel }) => ({ node, kernel: kernel.name ?? id }));
    const numbering = new Map<Value, number>();
    const slotOf = (value: Value | undefined): number => {
      if (!value) return -1;
      const slot = numbering.get(value) ?? numbering.size;
      numbering.set(value, slot);
      return slot;
    };
    for (const value of subgraph.inputs) slotOf(value);
    const freed = lastReads(subgraph);
    this.slots = steps.map(({ node }, index) => ({
      inputs: node.inputs.map(slotOf),
      captures: node.captures.map(slotOf),
      outputs: node.outputs.map(slotOf),
      freed: (freed[index] ?? []).map(slotOf),
    }));
    this.outputSlots = subgraph.outputs.map(slotOf);
    this.values = [...numbering.keys()];
    this.initial = this.values.map((value) => constants.get(value));
  }

  run(
    inputs: readonly Tensor[],
    tap?: Tap,
    signal?: AbortSignal,
  ): readonly Tensor[] | Promise<readonly Tensor[]> {
    return signal ? this.runInTurns(inputs, tap, signal) : this.runSync(inputs, tap);
  }

  runSync(inputs: readonly Tensor[], tap?: Tap): readonly Tensor[] {
    const values = this.begin(inputs);
    for (let index = 0; index < this.steps.length; index++) this.runStep(index, values, tap);
    return this.outputs(values);
  }

  profile(inputs: readonly Tensor[]): ProfiledRun {
    const values = this.begin(inputs);
    const spans = this.steps.map((_, step): Span => {
      const start = performance.now();
      this.runStep(step, values, undefined);
      return { step, start, duration: performance.now() - start };
    });
    return { outputs: this.outputs(values), spans };
  }

  private async runInTurns(
    inputs: readonly Tensor[],
    tap: Tap | undefined,
    signal: AbortSignal,
  ): Promise<readonly Tensor[]> {
    const values = this.begin(inputs);
    let turned = performance.now();
    for (let index = 0; index < this.steps.length; index++) {
      if (performance.now() - turned > LONGEST_TURN) {
        await new Promise((resolve) => setTimeout(resolve, 0));
        this.checkAlive();
        turned = performance.now();
      }
      signal.throwIfAborted();
      this.runStep(index, values, tap);
    }
    return this.outputs(values);
  }

  private begin(inputs: readonly Tensor[]): RunValues {
    this.checkAlive();
    const values = this.initial.slice();
    for (let index = 0; index < this.subgraph.inputs.length; index++) values[index] = inputs[index];
    return values;
  }

  private checkAlive(): void {
    if (!this.disposed) return;
    throw new OctavoError({
      code: 'SESSION_DISPOSED',
      message: `this ${this.id} executable was disposed.`,
    });
  }

  private runStep(index: number, values: RunValues, tap: Tap | undefined): void {
    const step = this.steps[index];
    const slots = this.slots[index];
    if (!step || !slots) return;
    const operands: Operands = slots.inputs.map((slot) => (slot < 0 ? undefined : this.read(slot, values)));
    const captures = slots.captures.map((slot) => this.read(slot, values));
    const results = runStep(step, operands, captures);
    for (let position = 0; position < slots.outputs.length; position++) {
      const slot = slots.outputs[position] ?? -1;
      const tensor = results[position];
      if (slot < 0 || !tensor) continue;
      values[slot] = tensor;
      const value = tap && this.values[slot];
      if (value) tap(value.name, tensor);
    }
    for (const slot of slots.freed) values[slot] = undefined;
  }

  private outputs(values: Readonly<RunValues>): Tensor[] {
    return this.outputSlots.map((slot) => this.read(slot, values));
  }

  private read(slot: number, values: Readonly<RunValues>): Tensor {
    return values[slot] ?? notComputed(this.id, this.values[slot]);
  }

  [Symbol.dispose](): void {
    if (this.disposed) return;
    this.disposed = true;
    for (const { kernel } of this.steps) kernel.dispose?.();
  }
}

/** For each node the values that no later one reads and that the subgraph does not give. */
function lastReads({ nodes, outputs }: Subgraph): Value[][] {
  const kept = new Set(outputs);
  const freed: Value[][] = nodes.map(() => []);
  const seen = new Set<Value>();
  for (let index = nodes.length - 1; index >= 0; index--) {
    for (const value of nodes[index]?.operands ?? []) {
      if (kept.has(value) || seen.has(value)) continue;
      seen.add(value);
      freed[index]?.push(value);
    }
  }
  return freed;
}
