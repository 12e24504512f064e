import {
  ConvInteger,
  DequantizeLinear,
  DynamicQuantizeLinear,
  DynamicQuantizeLSTM,
  DynamicQuantizeMatMul,
  GatherBlockQuantized,
  MatMulBnb4,
  MatMulInteger,
  MatMulIntegerToFloat,
  MatMulNBits,
  MicrosoftDequantizeLinear,
  MicrosoftQLinearConv,
  type Node,
  type Op,
  QAttention,
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
  QLinearWhere,
  QMoE,
} from '@octavo/core/ir';

/** An op that reads integers which stand for real numbers: only quantization makes it. */
interface IntegerOp {
  readonly op: Op;
  /** Whether it is one of QOperator files, with a form in Q/DQ pairs. */
  readonly hasPairs?: true;
  /** Whether its scales, or what it gives, are float32 by definition, or are kept so. */
  readonly isFloat32?: true;
}

const INTEGER_OPS: readonly IntegerOp[] = [
  ...[
    QLinearConv,
    MicrosoftQLinearConv,
    QLinearMatMul,
    QGemm,
    QLinearAdd,
    QLinearMul,
    QLinearConcat,
    QLinearSigmoid,
    QLinearLeakyRelu,
    QLinearSoftmax,
    QLinearAveragePool,
    QLinearGlobalAveragePool,
    QLinearWhere,
  ].map((op): IntegerOp => ({ op, hasPairs: true, isFloat32: true })),
  { op: QAttention, isFloat32: true },
  { op: DynamicQuantizeLinear, isFloat32: true },
  { op: DynamicQuantizeLSTM, isFloat32: true },
  { op: DynamicQuantizeMatMul, isFloat32: true },
  { op: MatMulIntegerToFloat, isFloat32: true },
  { op: DequantizeLinear, isFloat32: true },
  { op: MicrosoftDequantizeLinear, isFloat32: true },
  { op: MatMulNBits, isFloat32: true },
  { op: MatMulInteger },
  { op: ConvInteger },
  { op: MatMulBnb4 },
  { op: GatherBlockQuantized },
  { op: QMoE },
];

/** By domain and name: of every version. */
const BY_NAME: ReadonlyMap<string, IntegerOp> = new Map(INTEGER_OPS.map((each) => [nameOf(each.op), each]));

function nameOf({ domain, name }: Op): string {
  return `${domain} ${name}`;
}

/** Whether a node reads integers that stand for real numbers. */
export function isIntegerOp({ op }: Node): boolean {
  return BY_NAME.has(nameOf(op));
}

/** Whether a node is an integer op of QOperator files; other quantized ops have no form in Q/DQ pairs. */
export function isQOperator({ op }: Node): boolean {
  return BY_NAME.get(nameOf(op))?.hasPairs === true;
}

/** Whether a node reads integers by scales that are float32. */
export function hasFloat32Scales({ op }: Node): boolean {
  return BY_NAME.get(nameOf(op))?.isFloat32 === true;
}
