import { DequantizeLinear, type Graph, type Value } from '@octavo/core/ir';
import { type Granularity, quantize, quantizedTypeOfWeights } from '@octavo/core/quant';
import { type DType, fromNumbers, type Shape, type Tensor } from '@octavo/core/tensor';
import { atNode } from './at-node.js';
import type { ComputeParts } from './compute-ops.js';
import { deferredTensor, type LastComputed } from './deferred-storage.js';
import { loadWeights } from './load-weights.js';
import { packNBits } from './pack-nbits.js';
import type { Recipe } from './recipe.js';

/** What layers over one weight share: its operands, and the memory of the last computation. */
export interface WeightMemory {
  readonly cache: LastComputed;
  readonly operands: Map<string, readonly (Value | undefined)[]>;
}

/** One layer whose weight is quantized in blocks. */
export interface WeightJob {
  readonly graph: Graph;
  readonly parts: ComputeParts;
  readonly recipe: Recipe;
  readonly memory: WeightMemory;
  /** K and N. */
  readonly rows: number;
  readonly columns: number;
  readonly transposed: boolean;
}

/** The operands made for a weight before, or made now. */
export function shareOperands(
  { memory, parts }: WeightJob,
  make: () => readonly (Value | undefined)[],
): readonly (Value | undefined)[] {
  const key = `${parts.channelAxis} ${parts.weight.name}`;
  const operands = memory.operands.get(key) ?? make();
  memory.operands.set(key, operands);
  return operands;
}

/** Bits of a weight's integers. */
export function bitsOf({ weights }: Recipe): 4 | 8 {
  return weights.endsWith('8') ? 8 : 4;
}

/** Packed weights, scales and, where they are asymmetric, zero points. */
export function makePackedOperands(job: WeightJob): readonly (Value | undefined)[] {
  const { graph, parts, recipe, rows, columns } = job;
  const { blockSize } = recipe;
  const { node } = parts;
  const bits = bitsOf(recipe);
  const symmetric = !recipe.weights.startsWith('u');
  const source = parts.weight.constant;
  const compute = (): Promise<Record<string, Uint8Array>> =>
    atNode(node, async () => {
      const weights = rowMajor(await loadWeights(source), job);
      const { packed, scales, zeroPoints } = packNBits(weights, {
        rows,
        columns,
        bits,
        blockSize,
        symmetric,
      });
      return { packed, scales: new Uint8Array(scales.buffer), ...(zeroPoints ? { zeroPoints } : {}) };
    });
  const add = (dtype: 'uint8' | 'float32', shape: number[], suffix: string, name: string): Value =>
    graph.addInitializer(
      `${parts.weight.name}_${suffix}`,
      deferredTensor(dtype, shape, job.memory.cache, compute, name),
    );
  const blocks = Math.ceil(rows / blockSize);
  return [
    add('uint8', [columns, blocks, (blockSize * bits) / 8], 'packed', 'packed'),
    add('float32', [columns * blocks], 'scales', 'scales'),
    symmetric
      ? undefined
      : add('uint8', [columns * Math.ceil((blocks * bits) / 8)], 'zero_points', 'zeroPoints'),
  ];
}

/** A weight dequantized from blocks along its reduced axis. */
export function makeBlockedDequantize({
  graph,
  parts,
  recipe,
  memory,
  transposed,
}: WeightJob): Value | undefined {
  const { node, weight } = parts;
  const { weights: storage, blockSize } = recipe;
  const source = weight.constant;
  const shape = source?.shape ?? [];
  const axis = transposed ? 1 : 0;
  const symmetric = !storage.startsWith('u');
  const blockShape = shape.map((size, i) => (i === axis ? Math.ceil(size / blockSize) : size));
  const compute = (): Promise<Record<string, Uint8Array>> =>
    atNode(node, async () => {
      const tensor = await loadWeights(source);
      const granularity: Granularity = { kind: 'per-block', axis, blockSize };
      const type = quantizedTypeOfWeights(tensor.data, shape, { storage, symmetric, granularity });
      return {
        weights: quantize(tensor, type).bytes,
        scales: new Uint8Array(type.scales.buffer),
        zeroPoints: fromNumbers(storage, blockShape, type.zeroPoints).bytes,
      };
    });
  const add = (dtype: DType, dims: Shape, suffix: string, name: string): Value =>
    graph.addInitializer(
      `${weight.name}_${suffix}`,
      deferredTensor(dtype, dims, memory.cache, compute, name),
    );
  const x = add(storage, shape, 'quantized', 'weights');
  const x_scale = add('float32', blockShape, 'scale', 'scales');
  const x_zero_point = symmetric ? undefined : add(storage, blockShape, 'zero_point', 'zeroPoints');
  const dequantized = graph.emit(
    DequantizeLinear,
    { x, x_scale, x_zero_point },
    { axis, block_size: blockSize },
    { name: `${weight.name}_DequantizeLinear`, outputNames: [`${weight.name}_dequantized`] },
  );
  return dequantized.output;
}

/** The weights as [K, N]. */
function rowMajor(weights: Tensor<'float32'>, { rows, columns, transposed }: WeightJob): Float32Array {
  if (!transposed) return weights.data;
  const result = new Float32Array(rows * columns);
  for (let n = 0; n < columns; n++) {
    for (let k = 0; k < rows; k++) result[k * columns + n] = weights.data[n * rows + k] ?? 0;
  }
  return result;
}
