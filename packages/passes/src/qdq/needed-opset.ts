import type { Graph } from '@octavo/core/ir';
import type { QuantizedType } from '@octavo/core/quant';
import { type DType, GraphError } from '@octavo/core/tensor';

type GranularityKind = QuantizedType['granularity']['kind'];

/** The op sets that gave QuantizeLinear and DequantizeLinear types beside those they began with. */
const STORAGE_SINCE: Readonly<Partial<Record<DType, number>>> = {
  float8e4m3fn: 19,
  float8e4m3fnuz: 19,
  float8e5m2: 19,
  float8e5m2fnuz: 19,
  int16: 21,
  uint16: 21,
  int4: 21,
  uint4: 21,
  float4e2m1: 23,
  int2: 25,
  uint2: 25,
};

const SCALE_SINCE: Readonly<Partial<Record<DType, number>>> = { float16: 19, bfloat16: 19 };

const GRANULARITY_SINCE: Readonly<Record<GranularityKind, number>> = {
  'per-tensor': 10,
  'per-axis': 13,
  'per-block': 21,
};

/** The first op set whose QuantizeLinear and DequantizeLinear have this type with such parameters. */
export function linearOpset(
  storage: DType,
  granularity: GranularityKind,
  scale: DType | undefined = 'float32',
): number {
  return Math.max(STORAGE_SINCE[storage] ?? 0, SCALE_SINCE[scale] ?? 0, GRANULARITY_SINCE[granularity]);
}

/** @throws GraphError `QDQ_OPSET` when the graph's opset has no QuantizeLinear for a type in it. */
export function checkOpset(graph: Graph): void {
  for (const value of graph.values) {
    const { quantized } = value;
    const needed = quantized ? linearOpset(quantized.storage, quantized.granularity.kind) : 0;
    if (graph.opset >= needed) continue;
    throw new GraphError({
      code: 'QDQ_OPSET',
      where: `value ${value.name}`,
      message: `its quantized type needs opset ${needed}, the graph has ${graph.opset}.`,
      remedy: `Run raise-opset to ${needed} first.`,
    });
  }
}
