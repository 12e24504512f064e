import type { Graph, Value } from '@octavo/core/ir';
import type { QuantizedType } from '@octavo/core/quant';
import { fromNumbers, GraphError, type Shape, StoredTensor } from '@octavo/core/tensor';

/** The operands and attributes of a QuantizeLinear or DequantizeLinear. */
export interface QparamsOperands {
  readonly scale: Value;
  /** Absent for int32, which ONNX does not allow one. */
  readonly zeroPoint: Value | undefined;
  readonly attributes: { readonly axis?: number; readonly block_size?: number };
}

/** Makes scale and zero point initializers, one pair for each different quantized type. */
export class QparamsInitializers {
  private readonly made = new Map<string, QparamsOperands>();
  private readonly graph: Graph;

  constructor(graph: Graph) {
    this.graph = graph;
  }

  /** The operands for a value; new initializers are called after it. */
  of(value: Value, type: QuantizedType): QparamsOperands {
    const shape = scaleShape(value, type);
    const key = JSON.stringify([
      type.storage,
      type.expressed,
      type.granularity,
      shape,
      [...type.scales],
      [...type.zeroPoints],
    ]);
    const known = this.made.get(key) ?? this.make(value.name, type, shape);
    this.made.set(key, known);
    return known;
  }

  private make(name: string, type: QuantizedType, shape: Shape): QparamsOperands {
    const scales = fromNumbers(type.expressed, shape, type.scales);
    const scale = this.graph.addInitializer(`${name}_scale`, StoredTensor.of(scales));
    const zeros = type.storage === 'int32' ? undefined : fromNumbers(type.storage, shape, type.zeroPoints);
    return {
      scale,
      zeroPoint: zeros && this.graph.addInitializer(`${name}_zero_point`, StoredTensor.of(zeros)),
      attributes: attributesOf(type),
    };
  }
}

function attributesOf({ granularity }: QuantizedType): QparamsOperands['attributes'] {
  if (granularity.kind === 'per-tensor') return {};
  const { axis } = granularity;
  return granularity.kind === 'per-axis' ? { axis } : { axis, block_size: granularity.blockSize };
}

function scaleShape(value: Value, { granularity, scales }: QuantizedType): Shape {
  if (granularity.kind === 'per-tensor') return [];
  if (granularity.kind === 'per-axis') return [scales.length];
  const { axis, blockSize } = granularity;
  return (value.shape ?? []).map((dim, i) => {
    if (typeof dim !== 'number') {
      throw new GraphError({
        code: 'QDQ_BLOCKS',
        where: `value ${value.name}`,
        message: 'values quantized in blocks need a shape without symbols.',
      });
    }
    return i === axis ? Math.ceil(dim / blockSize) : dim;
  });
}
