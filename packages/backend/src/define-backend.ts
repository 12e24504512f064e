import type { Node, Op, Value } from '@octavo/core/ir';
import { OctavoError, type Tensor } from '@octavo/core/tensor';
import type { Backend, Executable, NodePlan, ProfiledRun, Span, Subgraph, Tap } from './backend.js';
import type { Kernel, NodePreparation, Operands, PreparedKernel } from './kernel.js';
import { unsupported } from './support.js';

/** A backend as a list of kernels. */
export interface BackendSpec {
  readonly id: string;
  /** Several kernels for one op are tried in order; the first that supports the node runs it. */
  readonly kernels: readonly Kernel[];
}

/** Milliseconds of computing after which a run that can be stopped lets the event loop turn. */
const LONGEST_TURN = 20;

interface Step {
  readonly node: Node;
  readonly kernel: PreparedKernel;
}

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
    async compile(subgraph) {
      const steps: Step[] = [];
      try {
        for (const node of subgraph.nodes) {
          steps.push({ node, kernel: await prepare(spec.id, byOp.get(node.op) ?? [], node, subgraph) });
        }
        return new StepList(spec.id, subgraph, steps, await loadConstants(subgraph));
      } catch (error) {
        for (const { kernel } of steps) kernel.dispose?.();
        throw error;
      }
    },
    [Symbol.dispose]() {},
  };
}

async function prepare(
  id: string,
  candidates: readonly Kernel[],
  node: Node,
  subgraph: Subgraph,
): Promise<PreparedKernel> {
  const opset = subgraph.graph.opsets.get(node.op.domain) ?? subgraph.graph.opset;
  const kernel = candidates.find((each) => each.supports(node, { graph: subgraph.graph, opset }).supported);
  if (!kernel) {
    throw new OctavoError({
      code: 'BACKEND_UNSUPPORTED',
      where: `node ${node.label}`,
      message: `backend ${id} was given ${node.op.name}, which it declined.`,
    });
  }
  const preparation: NodePreparation = {
    node,
    opset,
    constants: await Promise.all(
      node.inputs.map((value) => (value?.constant ? subgraph.constant(value) : undefined)),
    ),
    inputTypes: node.inputs.map((value) => value?.tensorType),
    outputTypes: node.outputs.map((value) => value?.tensorType),
  };
  return kernel.prepare(preparation);
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

/** Runs prepared kernels in order and frees each value after its last reader. */
class StepList implements Executable {
  readonly plan: readonly NodePlan[];
  private readonly lastUse = new Map<Value, number>();
  private disposed = false;
  private readonly id: string;
  private readonly subgraph: Subgraph;
  private readonly steps: readonly Step[];
  private readonly constants: ReadonlyMap<Value, Tensor>;

  constructor(id: string, subgraph: Subgraph, steps: readonly Step[], constants: ReadonlyMap<Value, Tensor>) {
    this.id = id;
    this.subgraph = subgraph;
    this.steps = steps;
    this.constants = constants;
    this.plan = steps.map(({ node, kernel }) => ({ node, kernel: kernel.name ?? id }));
    const kept = new Set(subgraph.outputs);
    steps.forEach(({ node }, index) => {
      for (const value of node.operands) if (!kept.has(value)) this.lastUse.set(value, index);
    });
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
    this.steps.forEach((step, index) => {
      this.runStep(step, index, values, tap);
    });
    return this.subgraph.outputs.map((value) => this.valueOf(value, values));
  }

  profile(inputs: readonly Tensor[]): ProfiledRun {
    const values = this.begin(inputs);
    const spans = this.steps.map((step, index): Span => {
      const start = performance.now();
      this.runStep(step, index, values, undefined);
      return { step: index, start, duration: performance.now() - start };
    });
    return { outputs: this.subgraph.outputs.map((value) => this.valueOf(value, values)), spans };
  }

  private async runInTurns(
    inputs: readonly Tensor[],
    tap: Tap | undefined,
    signal: AbortSignal,
  ): Promise<readonly Tensor[]> {
    const values = this.begin(inputs);
    let turned = performance.now();
    for (const [index, step] of this.steps.entries()) {
      if (performance.now() - turned > LONGEST_TURN) {
        await new Promise((resolve) => setTimeout(resolve, 0));
        this.checkAlive();
        turned = performance.now();
      }
      signal.throwIfAborted();
      this.runStep(step, index, values, tap);
    }
    return this.subgraph.outputs.map((value) => this.valueOf(value, values));
  }

  private begin(inputs: readonly Tensor[]): Map<Value, Tensor> {
    this.checkAlive();
    const values = new Map<Value, Tensor>(this.constants);
    this.subgraph.inputs.forEach((value, index) => {
      const tensor = inputs[index];
      if (tensor) values.set(value, tensor);
    });
    return values;
  }

  private checkAlive(): void {
    if (!this.disposed) return;
    throw new OctavoError({
      code: 'SESSION_DISPOSED',
      message: `this ${this.id} executable was disposed.`,
    });
  }

  private runStep(
    { node, kernel }: Step,
    index: number,
    values: Map<Value, Tensor>,
    tap: Tap | undefined,
  ): void {
    const operands: Operands = node.inputs.map((value) => value && this.valueOf(value, values));
    const captures = node.captures.map((value) => this.valueOf(value, values));
    const results = execute(kernel, node, operands, captures);
    node.outputs.forEach((value, position) => {
      const tensor = results[position];
      if (!value || !tensor) return;
      values.set(value, tensor);
      tap?.(value, tensor);
    });
    for (const value of node.operands) if (this.lastUse.get(value) === index) values.delete(value);
  }

  private valueOf(value: Value, values: ReadonlyMap<Value, Tensor>): Tensor {
    const tensor = values.get(value);
    if (!tensor) {
      throw new OctavoError({
        code: 'BACKEND_MISSING_VALUE',
        where: `value ${value.name}`,
        message: `backend ${this.id} needs it before it was computed.`,
      });
    }
    return tensor;
  }

  [Symbol.dispose](): void {
    if (this.disposed) return;
    this.disposed = true;
    for (const { kernel } of this.steps) kernel.dispose?.();
  }
}

/** Errors of kernels name the node they come from. */
function execute(
  kernel: PreparedKernel,
  node: Node,
  operands: Operands,
  captures: readonly Tensor[],
): Operands {
  const where = `node ${node.label} (${node.op.name})`;
  try {
    return kernel.run(operands, captures);
  } catch (cause) {
    // What JavaScript throws for arrays that are too long, or of a length that is none.
    if (cause instanceof RangeError) {
      const message = `its result cannot be made (${cause.message}).`;
      throw new OctavoError({ code: 'KERNEL_SIZE', where, message, cause });
    }
    if (!(cause instanceof OctavoError) || cause.where !== undefined) throw cause;
    throw new OctavoError({ code: cause.code, where, message: cause.fault, remedy: cause.remedy, cause });
  }
}
