import {
  Conv,
  Gemm,
  MatMul,
  MatMulIntegerToFloat,
  type Node,
  outputOf,
  QGemm,
  QLinearConv,
  QLinearMatMul,
  type Value,
} from '@octavo/core/ir';
import { type Lowering, type LoweringContext, operandOf, productProblem } from './lowering.js';

/** QLinearConv. */
const conv: Lowering = {
  op: Conv,
  declines: (node) =>
    productProblem(node) ?? (node.output?.quantized ? undefined : 'no integer convolution gives float'),
  lower(node, context) {
    const { X, W, B } = Conv.inputs(node);
    const [x, w, y] = [X, W, node.output].map((value) => operandOf(context, value));
    if (!x || !w || !y) throw new Error('three operands');
    const slots = {
      x: x.value,
      x_scale: x.scale,
      x_zero_point: x.zeroPoint,
      w: w.value,
      w_scale: w.scale,
      w_zero_point: w.zeroPoint,
      y_scale: y.scale,
      y_zero_point: y.zeroPoint,
      B,
    };
    return outputOf(context.graph.emit(QLinearConv, slots, Conv.attributes(node), { name: node.name }));
  },
};

/** QLinearMatMul, or MatMulIntegerToFloat where the result is not quantized. */
const matMul: Lowering = {
  op: MatMul,
  declines: productProblem,
  lower(node, context) {
    const { A, B } = MatMul.inputs(node);
    const [a, b] = [operandOf(context, A), operandOf(context, B)];
    const slots = {
      a: A,
      a_scale: a.scale,
      a_zero_point: a.zeroPoint,
      b: B,
      b_scale: b.scale,
      b_zero_point: b.zeroPoint,
    };
    if (!node.output?.quantized) return floatMatMul(node, context, slots);
    const y = operandOf(context, node.output);
    const operands = { ...slots, y_scale: y.scale, y_zero_point: y.zeroPoint };
    return outputOf(context.graph.emit(QLinearMatMul, operands, {}, { name: node.name }));
  },
};

type MatMulSlots = Readonly<
  Record<'a' | 'a_scale' | 'a_zero_point' | 'b' | 'b_scale' | 'b_zero_point', Value>
>;

function floatMatMul(node: Node, { graph }: LoweringContext, slots: MatMulSlots): Value {
  const { a: A, b: B, ...rest } = slots;
  return outputOf(graph.emit(MatMulIntegerToFloat, { A, B, ...rest }, {}, { name: node.name }));
}

/** QGemm, whose result is float without `y_scale`. */
const gemm: Lowering = {
  op: Gemm,
  declines: productProblem,
  lower(node, context) {
    const { A, B, C } = Gemm.inputs(node);
    const { transA, transB } = Gemm.attributes(node);
    const [a, b] = [operandOf(context, A), operandOf(context, B)];
    const y = node.output?.quantized ? operandOf(context, node.output) : undefined;
    const slots = {
      A,
      a_scale: a.scale,
      a_zero_point: a.zeroPoint,
      B,
      b_scale: b.scale,
      b_zero_point: b.zeroPoint,
      C,
      y_scale: y?.scale,
      y_zero_point: y?.zeroPoint,
    };
    return outputOf(context.graph.emit(QGemm, slots, { transA, transB }, { name: node.name }));
  },
};

/** Products of activations with weights. */
export const productLowerings: readonly Lowering[] = [conv, matMul, gemm];
