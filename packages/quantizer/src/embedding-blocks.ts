import { GatherBlockQuantized, type Value } from '@octavo/core/ir';
import { quantize, quantizedTypeOfWeights, scaleShape } from '@octavo/core/quant';
import { type DType, fromNumbers, type Shape } from '@octavo/core/tensor';
import { atNode } from './at-node.js';
import { formOf, shareOperands, type WeightJob } from './block-operands.js';
import { deferredTensor } from './deferred-storage.js';
import { loadWeights } from './load-weights.js';
import { weightOptions } from './quantize-layer.js';
import { replaceLayer } from './replace-layer.js';

/**
 * Makes a Gather of rows of a matrix read rows in blocks of few bits: com.microsoft GatherBlockQuantized. The rows are
 * quantized when a writer reads them.
 */
export function readBlockedRows(job: WeightJob): void {
  const { graph, parts, precision } = job;
  const { node, data: indices } = parts;
  const [data, scales, zero_points] = shareOperands(job, () => makeBlocks(job));
  if (!data || !scales) throw new Error('rows have scales');
  graph.opsets.set('com.microsoft', 1);
  const attributes = { block_size: precision.blockSize, gather_axis: 0, quantize_axis: 1 };
  const name = `${node.name || parts.weight.name}_blocks`;
  replaceLayer(
    graph,
    parts,
    graph.emit(GatherBlockQuantized, { data, indices, scales, zero_points }, attributes, { name }),
  );
}

/** Integers [rows, columns], scales and, where they are asymmetric, zero points [rows, blocks]. */
function makeBlocks(job: WeightJob): readonly (Value | undefined)[] {
  const { parts, precision, memory } = job;
  const { node, weight } = parts;
  const source = weight.constant;
  const shape = source?.shape ?? [];
  const { storage, symmetric, granularity } = weightOptions(parts, precision);
  const groups = scaleShape(shape, granularity);
  const compute = (): Promise<Record<string, Uint8Array>> =>
    atNode(node, async () => {
      const tensor = await loadWeights(source);
      const type = quantizedTypeOfWeights(tensor.data, shape, { storage, symmetric, granularity });
      return {
        rows: quantize(tensor, type).bytes,
        scales: new Uint8Array(type.scales.buffer),
        zeroPoints: fromNumbers(storage, groups, type.zeroPoints).bytes,
      };
    });
  const add = (dtype: DType, dims: Shape, suffix: string, name: string): Value =>
    memory.add(weight, suffix, formOf(job), () => deferredTensor(dtype, dims, memory.cache, compute, name));
  return [
    add(storage, shape, 'rows', 'rows'),
    add('float32', groups, 'row_scales', 'scales'),
    symmetric && !storage.startsWith('u') ? undefined : add(storage, groups, 'row_zero_points', 'zeroPoints'),
  ];
}
