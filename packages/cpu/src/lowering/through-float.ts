import type { SupportContext } from '@octavo/backend';
import {
  Conv,
  ConvTranspose,
  Gemm,
  Graph,
  MatMul,
  type Node,
  type Op,
  tensorType,
  type Value,
} from '@octavo/core/ir';
import { dequantizeNumbers, type QuantizedType } from '@octavo/core/quant';
import {
  byteLengthOf,
  elementCount,
  float32,
  StoredTensor,
  type Tensor,
  toNumbers,
} from '@octavo/core/tensor';
import { crossingOp } from './crossing.js';
import type { LoweredNode, Lowering } from './lowering.js';
import type { ProgramBuilder } from './program-builder.js';

/** Ops whose sums of quantized values are integers, which floats would round. */
const PRODUCTS: readonly Op[] = [Conv, ConvTranspose, Gemm, MatMul];

/** The float node that a node on quantized values stands for, in a graph of its own. */
interface FloatForm {
  readonly graph: Graph;
  readonly node: Node;
  /** Each operand and output of the quantized node with its float counterpart. */
  readonly pairs: ReadonlyMap<Value, Value>;
}

/**
 * The lowering of a node on quantized values as its float form, dequantized before and quantized behind: what the
 * reference backend computes. Undefined where the node has no such form, or `choose` no lowering for it.
 */
export function throughFloat(
  node: Node,
  { graph: { opsets } }: SupportContext,
  choose: (node: Node, context: SupportContext) => Lowering | undefined,
): Lowering | undefined {
  const isQuantized = [...node.operands, ...node.outputs].some((value) => value?.quantized);
  if (!isQuantized || sumsIntegers(node) || !crossesWhole(node)) return undefined;
  const form = floatForm(node, opsets);
  const opset = form.graph.opsetOf(node);
  const lowering = choose(form.node, { graph: form.graph, opset });
  return lowering && { ...lowering, lower: (lowered, program) => lower(lowered, form, lowering, program) };
}

function sumsIntegers({ op, inputs: [a, b] }: Node): boolean {
  return PRODUCTS.includes(op) && a?.quantized !== undefined && b?.quantized !== undefined;
}

/** Whether kernels cross between floats and each quantized value. */
function crossesWhole(node: Node): boolean {
  const crosses = (value: Value | undefined, bits: RegExp): boolean => {
    const type = value?.quantized;
    if (!type) return true;
    return type.expressed === 'float32' && type.granularity.kind !== 'per-block' && bits.test(type.storage);
  };
  return (
    node.operands.every((value) => value.constant !== undefined || crosses(value, /^u?int(8|16|32)$/)) &&
    node.outputs.every((value) => crosses(value, /^u?int(8|16)$/)) &&
    node.captures.length === 0
  );
}

function floatForm(node: Node, opsets: ReadonlyMap<string, number>): FloatForm {
  const graph = new Graph(new Map(opsets));
  const pairs = new Map<Value, Value>();
  for (const value of node.operands) {
    if (pairs.has(value)) continue;
    const type = tensorType(value.quantized ? 'float32' : (value.dtype ?? 'float32'), value.shape);
    const constant = value.quantized && value.constant ? floatConstant(value.constant) : value.constant;
    const name = graph.uniqueName(value.name);
    pairs.set(value, constant ? graph.addInitializer(name, constant) : graph.addInput(name, type));
  }
  const outputs = node.outputs.map((value) => {
    if (!value) return undefined;
    const type = tensorType(value.quantized ? 'float32' : (value.dtype ?? 'float32'), value.shape);
    const output = graph.addValue(graph.uniqueName(value.name), type);
    pairs.set(value, output);
    return output;
  });
  const inputs = node.inputs.map((value) => value && pairs.get(value));
  return { graph, node: graph.addNode(node.op, { inputs, outputs, attributes: node.attributes }), pairs };
}

/** A place for the numbers of a quantized constant, which are computed when the node is lowered. */
function floatConstant({ shape }: StoredTensor): StoredTensor {
  const byteLength = byteLengthOf('float32', elementCount(shape));
  const read = () => Promise.reject(new Error('its numbers are computed when its node is lowered'));
  return new StoredTensor('float32', shape, { byteLength, read });
}

function lower(
  { node, opset, constants }: LoweredNode,
  { node: twin, pairs }: FloatForm,
  lowering: Lowering,
  program: ProgramBuilder,
): void {
  const elements = node.inputs.map((value, i) => {
    const tensor = constants[i];
    return value?.quantized && tensor ? dequantized(tensor, value.quantized) : tensor;
  });
  node.inputs.forEach((value, i) => {
    const real = value && pairs.get(value);
    if (value && real && !program.isReady(real)) cross(program, 'dequantize', [value, real], value.quantized);
    const tensor = elements[i];
    if (real && tensor) program.define(real, tensor);
  });
  lowering.lower({ node: twin, opset, constants: elements }, program);
  node.outputs.forEach((value) => {
    const real = value && pairs.get(value);
    if (value && real) cross(program, 'quantize', [real, value], value.quantized);
  });
  program.note('in float: no kernel for its quantized values');
}

function dequantized(tensor: Tensor, type: QuantizedType): Tensor {
  return float32(dequantizeNumbers(toNumbers(tensor), tensor.shape, type), tensor.shape);
}

/** Goes between the values of a node and their float counterparts; those that are no quantized ones are the same. */
function cross(
  program: ProgramBuilder,
  name: 'quantize' | 'dequantize',
  [from, to]: readonly [Value, Value],
  type: QuantizedType | undefined,
): void {
  if (type) {
    program.insert(crossingOp(program, name, [from, to], scalesOf(type)));
  } else {
    const layout = program.layoutOf(from);
    program.place(to, layout, program.operand(from, layout));
  }
}

function scalesOf({ scales, zeroPoints, granularity }: QuantizedType) {
  return { scales, zeroPoints, axis: granularity.kind === 'per-axis' ? granularity.axis : 0 };
}
