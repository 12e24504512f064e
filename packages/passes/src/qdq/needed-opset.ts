import type { Graph } from '@octavo/core/ir';
import type { QuantizedType } from '@octavo/core/quant';
import { type DType, GraphError } from '@octavo/core/tensor';

const WIDE: ReadonlySet<string> = new Set(['int16', 'uint16', 'int4', 'uint4']);
const NARROWEST: ReadonlySet<string> = new Set(['int2', 'uint2']);

/** The first op set whose QuantizeLinear and DequantizeLinear have integers of this type with such parameters. */
export function linearOpset(storage: DType, granularity: QuantizedType['granularity']['kind']): number {
  if (NARROWEST.has(storage)) return 25;
  if (WIDE.has(storage) || granularity === 'per-block') return 21;
  return granularity === 'per-axis' ? 13 : 10;
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
