import type { CompileOptions, NodePlan, Subgraph, SupportContext } from '@octavo/backend';
import type { Node, Value } from '@octavo/core/ir';
import { MAX_TENSOR_BYTES, OctavoError, type Tensor } from '@octavo/core/tensor';
import type { ConstantHandle, NativeBinding, NativeIsa, ProgramHandle } from '../binding.js';
import { callNative } from '../cpu-error.js';
import { assemble, type NativeProgram, type OpNumbers, opNumbersOf } from './assemble.js';
import { chooseLowering, type LoweringTable } from './choose-lowering.js';
import { NativeExecutable } from './executable.js';
import { halfWeights } from './half-weights.js';
import type { LoweredNode, Lowering } from './lowering.js';
import { placedAtNode, placedInLowering, placeOf } from './placed-errors.js';
import { ProgramBuilder } from './program-builder.js';
import type { ProgramPort, ProgramSignature } from './signature.js';
import { dtypeOf, shapeOf, valueBytes } from './static-value.js';
import { type PackedHandle, WeightCache } from './weight-cache.js';

/** What subgraphs are compiled with. */
export interface Compiler {
  readonly binding: NativeBinding;
  /** The kernels that the addon has chosen for this machine. */
  readonly isa: NativeIsa;
  readonly opNumbers: OpNumbers;
  readonly cache: WeightCache;
  readonly lowerings: LoweringTable;
}

export function compilerOf(binding: NativeBinding, lowerings: LoweringTable): Compiler {
  const opNumbers = opNumbersOf(binding);
  return { binding, isa: binding.isa(), opNumbers, cache: new WeightCache(binding), lowerings };
}

/** Lowers a whole subgraph to one native program. */
export async function compileSubgraph(
  compiler: Compiler,
  subgraph: Subgraph,
  { threads = 0, taps, maxTensorBytes = MAX_TENSOR_BYTES }: CompileOptions,
): Promise<NativeExecutable> {
  const tapped = tappedValues(subgraph, taps);
  const outputs = [...subgraph.outputs, ...tapped.filter((value) => !subgraph.outputs.includes(value))];
  const constants = await loadConstants(subgraph);
  const { binding } = compiler;
  const builder = new ProgramBuilder({ ...compiler, subgraph, outputs, constants, maxTensorBytes });
  let pool: ConstantHandle | undefined;
  try {
    lowerNodes(compiler, subgraph, constants, builder);
    const outputBlocks = builder.outputBlocks();
    pool = builder.pool.length > 0 ? binding.makeConstant(builder.pool.bytes()) : undefined;
    const { ops, steps, weights, leases } = builder;
    const plan = builder.plan();
    const signature = signatureOf(subgraph, outputs, tapped, steps, plan);
    const inputBytes = subgraph.inputs.map(valueBytes);
    const native = assemble({ ops, inputBytes, outputs: outputBlocks, pool }, compiler.opNumbers);
    const handle = createProgram(binding, native, weights, threads, signature);
    return new NativeExecutable({
      binding,
      handle,
      signature,
      plan,
      memory: { weights: weightBytes(constants), activations: native.arenaBytes },
      leases,
    });
  } catch (error) {
    for (const lease of builder.leases) lease.release();
    throw error;
  } finally {
    if (pool) binding.release(pool);
  }
}

function createProgram(
  binding: NativeBinding,
  { code, slots, arenaBytes, constants, inputBytes, outputBytes }: NativeProgram,
  weights: readonly PackedHandle[],
  threads: number,
  signature: ProgramSignature,
): ProgramHandle {
  const text = JSON.stringify(signature);
  try {
    return callNative(() =>
      binding.createProgram(
        code,
        slots,
        arenaBytes,
        constants,
        weights,
        inputBytes,
        outputBytes,
        threads,
        text,
      ),
    );
  } catch (error) {
    throw placedAtNode(error, signature);
  }
}

function lowerNodes(
  { lowerings }: Compiler,
  { graph, nodes }: Subgraph,
  constants: ReadonlyMap<Value, Tensor>,
  builder: ProgramBuilder,
): void {
  for (const node of nodes) {
    if (!builder.enter(node)) continue;
    const opset = graph.opsetOf(node);
    const lowering = acceptedLowering(lowerings, node, { graph, opset });
    try {
      lowering.lower({ node, opset, constants: constantsOf(node, constants) }, builder);
    } catch (error) {
      throw placedInLowering(error, node);
    }
    builder.leave(node);
  }
}

function acceptedLowering(table: LoweringTable, node: Node, context: SupportContext): Lowering {
  const lowering = chooseLowering(table, node, context);
  if (lowering) return lowering;
  throw new OctavoError({
    code: 'BACKEND_UNSUPPORTED',
    where: `node ${node.label}`,
    message: `backend cpu was given ${node.op.name}, which it declined.`,
  });
}

function constantsOf({ inputs }: Node, constants: ReadonlyMap<Value, Tensor>): LoweredNode['constants'] {
  return inputs.map((value) => value?.constant && constants.get(value));
}

/** Values that a tap sees: those that the nodes compute, all of them where `taps` is left out. */
function tappedValues({ nodes }: Subgraph, taps: ReadonlySet<Value> | undefined): readonly Value[] {
  if (taps?.size === 0) return [];
  const computed = nodes.flatMap((node) => node.outputs.filter((value) => value !== undefined));
  return taps ? computed.filter((value) => taps.has(value)) : computed;
}

/** The elements of every constant that the nodes read or that is an output; those in memory need no waiting. */
async function loadConstants({ nodes, outputs, constant }: Subgraph): Promise<Map<Value, Tensor>> {
  const constants = new Map<Value, Tensor>();
  // Before the nodes: of what leaves, nobody takes halves.
  for (const value of outputs) if (value.constant) constants.set(value, await constant(value));
  for (const { operands } of nodes) {
    for (let i = 0; i < operands.length; i++) {
      const value = operands[i];
      if (!value?.constant || constants.has(value)) continue;
      const halves = halfWeights(value);
      const inMemory = (halves ?? value.constant).peek();
      constants.set(value, inMemory ?? (await (halves?.load() ?? constant(value))));
    }
  }
  return constants;
}

function signatureOf(
  { inputs, outputs: results }: Subgraph,
  outputs: readonly Value[],
  tapped: readonly Value[],
  steps: readonly number[],
  plan: readonly NodePlan[],
): ProgramSignature {
  return {
    inputs: inputs.map(portOf),
    outputs: outputs.map(portOf),
    results: results.length,
    taps: tapped.map((value) => outputs.indexOf(value)),
    steps,
    nodes: plan.map(({ node }) => placeOf(node)),
  };
}

function portOf(value: Value): ProgramPort {
  return { name: value.name, dtype: dtypeOf(value), shape: shapeOf(value) };
}

function weightBytes(constants: ReadonlyMap<Value, Tensor>): number {
  let bytes = 0;
  for (const { byteLength } of constants.values()) bytes += byteLength;
  return bytes;
}
