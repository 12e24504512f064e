import {
  Add,
  type Attribute,
  AveragePool,
  Concat,
  Conv,
  Gemm,
  GlobalAveragePool,
  LeakyRelu,
  MatMul,
  MatMulIntegerToFloat,
  Mul,
  type Node,
  type Op,
  QGemm,
  QLinearAdd,
  QLinearAveragePool,
  QLinearConcat,
  QLinearConv,
  QLinearGlobalAveragePool,
  QLinearLeakyRelu,
  QLinearMatMul,
  QLinearMul,
  QLinearSigmoid,
  QLinearSoftmax,
  Sigmoid,
  Softmax,
  type Value,
} from '@octavo/core/ir';
import type { QuantizedOperand } from './claims.js';

/** An integer op seen as the op that it computes on quantized values. */
export interface RaisedForm {
  readonly op: Op;
  readonly operands: readonly QuantizedOperand[];
  /** An int32 bias, added to the products of the first two operands; the last input of the raised op. */
  readonly bias?: Value | undefined;
  /** Absent where the result is float. */
  readonly result?: QuantizedOperand | undefined;
  readonly attributes: ReadonlyMap<string, Attribute>;
}

/** What a node of one integer op computes, or why it has no such form. */
export interface Raise {
  readonly op: Op;
  form(node: Node): RaisedForm | { readonly reason: string };
}

function kept(node: Node, ...names: readonly string[]): ReadonlyMap<string, Attribute> {
  return new Map([...node.attributes].filter(([name]) => names.includes(name)));
}

function resultOf(node: Node, scale: Value | undefined, zeroPoint: Value | undefined): QuantizedOperand {
  const { output } = node;
  if (!output) throw new Error('quantized ops have an output');
  return { value: output, scale, zeroPoint };
}

const conv: Raise = {
  op: QLinearConv,
  form(node) {
    const { x, x_scale, x_zero_point, w, w_scale, w_zero_point, y_scale, y_zero_point, B } =
      QLinearConv.inputs(node);
    return {
      op: Conv,
      operands: [
        { value: x, scale: x_scale, zeroPoint: x_zero_point },
        { value: w, scale: w_scale, zeroPoint: w_zero_point, axis: 0 },
      ],
      bias: B,
      result: resultOf(node, y_scale, y_zero_point),
      attributes: node.attributes,
    };
  },
};

const matMul: Raise = {
  op: QLinearMatMul,
  form(node) {
    const { a, a_scale, a_zero_point, b, b_scale, b_zero_point, y_scale, y_zero_point } =
      QLinearMatMul.inputs(node);
    return {
      op: MatMul,
      operands: [
        { value: a, scale: a_scale, zeroPoint: a_zero_point },
        { value: b, scale: b_scale, zeroPoint: b_zero_point, axis: (b.shape?.length ?? 2) - 1 },
      ],
      result: resultOf(node, y_scale, y_zero_point),
      attributes: new Map(),
    };
  },
};

/** Its bias is float, which no quantized product has. */
const floatMatMul: Raise = {
  op: MatMulIntegerToFloat,
  form(node) {
    const { A, B, a_scale, b_scale, a_zero_point, b_zero_point, bias } = MatMulIntegerToFloat.inputs(node);
    if (bias) return { reason: 'its bias is float' };
    return {
      op: MatMul,
      operands: [
        { value: A, scale: a_scale, zeroPoint: a_zero_point },
        { value: B, scale: b_scale, zeroPoint: b_zero_point, axis: (B.shape?.length ?? 2) - 1 },
      ],
      attributes: new Map(),
    };
  },
};

const gemm: Raise = {
  op: QGemm,
  form(node) {
    const slots = QGemm.inputs(node);
    const { alpha, transB } = QGemm.attributes(node);
    if (alpha !== 1) return { reason: `its alpha is ${alpha}` };
    return {
      op: Gemm,
      operands: [
        { value: slots.A, scale: slots.a_scale, zeroPoint: slots.a_zero_point },
        { value: slots.B, scale: slots.b_scale, zeroPoint: slots.b_zero_point, axis: transB ? 0 : 1 },
      ],
      bias: slots.C,
      result: slots.y_scale && resultOf(node, slots.y_scale, slots.y_zero_point),
      attributes: kept(node, 'transA', 'transB'),
    };
  },
};

function binary(op: typeof QLinearAdd, raised: Op): Raise {
  return {
    op,
    form(node) {
      const { A, A_scale, A_zero_point, B, B_scale, B_zero_point, C_scale, C_zero_point } = op.inputs(node);
      return {
        op: raised,
        operands: [
          { value: A, scale: A_scale, zeroPoint: A_zero_point },
          { value: B, scale: B_scale, zeroPoint: B_zero_point },
        ],
        result: resultOf(node, C_scale, C_zero_point),
        attributes: new Map(),
      };
    },
  };
}

/** Ops with one operand; `decline` looks at the attributes. */
function unary(
  op: Op,
  raised: Op,
  names: readonly string[],
  decline?: (node: Node) => string | undefined,
): Raise {
  return {
    op,
    form(node) {
      const reason = decline?.(node);
      if (reason) return { reason };
      const { X, X_scale, X_zero_point, Y_scale, Y_zero_point } = QLinearSigmoid.inputs(node);
      return {
        op: raised,
        operands: [{ value: X, scale: X_scale, zeroPoint: X_zero_point }],
        result: resultOf(node, Y_scale, Y_zero_point),
        attributes: kept(node, ...names),
      };
    },
  };
}

function channelsLast(node: Node): string | undefined {
  const attribute = node.attributes.get('channels_last');
  return attribute?.kind === 'int' && Number(attribute.value) !== 0 ? 'its channels lie last' : undefined;
}

/** Before opset 13, Softmax took all axes from `axis` on together; that is one axis only when it is the last. */
function oldSoftmax(node: Node): string | undefined {
  const { axis, opset } = QLinearSoftmax.attributes(node);
  const rank = node.inputs[0]?.shape?.length;
  const last = axis === -1 || axis + 1 === rank;
  return opset >= 13 || last ? undefined : 'it has the meaning of Softmax before opset 13';
}

const POOLING = [
  'auto_pad',
  'ceil_mode',
  'count_include_pad',
  'dilations',
  'kernel_shape',
  'pads',
  'strides',
] as const;

const concat: Raise = {
  op: QLinearConcat,
  form(node) {
    const { Y_scale, Y_zero_point, inputs } = QLinearConcat.inputs(node);
    const operands: QuantizedOperand[] = [];
    for (let i = 0; i + 1 < inputs.length; i += 3) {
      const [value, scale, zeroPoint] = inputs.slice(i, i + 3);
      if (!value) return { reason: 'an input is missing' };
      operands.push({ value, scale, zeroPoint });
    }
    return {
      op: Concat,
      operands,
      result: resultOf(node, Y_scale, Y_zero_point),
      attributes: node.attributes,
    };
  },
};

/** Every integer op that has a form on quantized values: one line an op. */
export const raises: readonly Raise[] = [
  conv,
  matMul,
  floatMatMul,
  gemm,
  binary(QLinearAdd, Add),
  binary(QLinearMul, Mul),
  concat,
  unary(QLinearSigmoid, Sigmoid, []),
  unary(QLinearLeakyRelu, LeakyRelu, ['alpha']),
  unary(QLinearSoftmax, Softmax, ['axis'], oldSoftmax),
  unary(QLinearGlobalAveragePool, GlobalAveragePool, [], channelsLast),
  unary(QLinearAveragePool, AveragePool, POOLING, channelsLast),
];
