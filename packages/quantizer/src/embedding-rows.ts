import { Cast, Gather, Mul, outputOf, type Value } from '@octavo/core/ir';
import { quantize, quantizedTypeOfWeights } from '@octavo/core/quant';
import { DTYPES } from '@octavo/core/tensor';
import { atNode } from './at-node.js';
import { formOf, shareOperands, type WeightJob } from './block-operands.js';
import { deferredTensor } from './deferred-storage.js';
import { loadWeights } from './load-weights.js';
import { replaceLayer } from './replace-layer.js';

/**
 * Makes a Gather of rows of a matrix read int8 rows, each with a scale of its own; only the rows that are read are
 * dequantized. The rows are quantized when a writer reads them.
 */
export function readQuantizedRows(job: WeightJob): void {
  const { graph, parts } = job;
  const { node, data: indices } = parts;
  const [rows, scales] = shareOperands(job, () => makeRows(job));
  if (!rows || !scales) throw new Error('rows have scales');
  const base = node.name || node.output?.name || parts.weight.name;
  const picked = graph.emit(Gather, { data: rows, indices }, { axis: 0 }, { name: `${base}_rows` });
  const scale = graph.emit(Gather, { data: scales, indices }, { axis: 0 }, { name: `${base}_scales` });
  const to = DTYPES.float32.onnx;
  const real = graph.emit(Cast, { input: outputOf(picked) }, { to }, { name: `${base}_cast` });
  const factors = { A: outputOf(real), B: outputOf(scale) };
  replaceLayer(graph, parts, graph.emit(Mul, factors, {}, { name: `${base}_rescale` }));
}

/** int8 [rows, columns] and scales [rows, 1]. */
function makeRows(job: WeightJob): readonly Value[] {
  const { parts, memory } = job;
  const { node, weight } = parts;
  const source = weight.constant;
  const [count = 0, columns = 0] = source?.shape ?? [];
  const compute = (): Promise<Record<string, Uint8Array>> =>
    atNode(node, async () => {
      const tensor = await loadWeights(source);
      const type = quantizedTypeOfWeights(tensor.data, tensor.shape, {
        storage: 'int8',
        symmetric: true,
        granularity: { kind: 'per-axis', axis: 0 },
      });
      return { rows: quantize(tensor, type).bytes, scales: new Uint8Array(type.scales.buffer) };
    });
  const add = (dtype: 'int8' | 'float32', shape: number[], suffix: string, name: string): Value =>
    memory.add(weight, suffix, formOf(job), () => deferredTensor(dtype, shape, memory.cache, compute, name));
  return [add('int8', [count, columns], 'rows', 'rows'), add('float32', [count, 1], 'row_scales', 'scales')];
}
