import { DequantizeLinear, type Graph, type Value } from '@octavo/core/ir';
import { quantize, quantizedTypeOfWeights, scaleShape } from '@octavo/core/quant';
import { type DType, fromNumbers, type Shape, type Tensor } from '@octavo/core/tensor';
import { atNode } from './at-node.js';
import type { ComputeParts } from './compute-ops.js';
import { deferredTensor, LastComputed } from './deferred-storage.js';
import { loadWeights } from './load-weights.js';
import { type NBits, packNBits } from './pack-nbits.js';
import type { WeightPrecision } from './precision.js';
import { weightOptions } from './quantize-layer.js';

/** What layers over one weight share: its operands, and the memory of the last computation. */
export interface WeightMemory {
  readonly cache: LastComputed;
  readonly operands: Map<string, readonly (Value | undefined)[]>;
}

export function newWeightMemory(): WeightMemory {
  return { cache: new LastComputed(), operands: new Map() };
}

/** One layer whose weights alone are quantized. */
export interface WeightJob {
  readonly graph: Graph;
  readonly parts: ComputeParts;
  readonly precision: WeightPrecision;
  readonly memory: WeightMemory;
}

/** The operands made for a weight before, or made now. */
export function shareOperands(
  { memory, parts, precision }: WeightJob,
  make: () => readonly (Value | undefined)[],
): readonly (Value | undefined)[] {
  const key = `${parts.channelAxis} ${parts.weight.name} ${JSON.stringify(precision)}`;
  const operands = memory.operands.get(key) ?? make();
  memory.operands.set(key, operands);
  return operands;
}

/** K and N of a weight matrix. */
export function matrixOf({ weight, channelAxis }: ComputeParts): { rows: number; columns: number } {
  const shape = weight.constant?.shape ?? [];
  return { rows: shape[1 - channelAxis] ?? 0, columns: shape[channelAxis] ?? 0 };
}

/** Packed weights, scales and, where they are asymmetric, zero points. */
export function makePackedOperands(job: WeightJob, bits: NBits): readonly (Value | undefined)[] {
  const { graph, parts, precision } = job;
  const { blockSize, symmetric } = precision;
  const { node } = parts;
  const { rows, columns } = matrixOf(parts);
  const source = parts.weight.constant;
  const compute = (): Promise<Record<string, Uint8Array>> =>
    atNode(node, async () => {
      const weights = rowMajor(await loadWeights(source), parts);
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

/** A weight dequantized in front of the node that reads it. */
export function makeDequantize({ graph, parts, precision, memory }: WeightJob): Value | undefined {
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
        weights: quantize(tensor, type).bytes,
        scales: new Uint8Array(type.scales.buffer),
        zeroPoints: fromNumbers(storage, groups, type.zeroPoints).bytes,
      };
    });
  const add = (dtype: DType, dims: Shape, suffix: string, name: string): Value =>
    graph.addInitializer(
      `${weight.name}_${suffix}`,
      deferredTensor(dtype, dims, memory.cache, compute, name),
    );
  const x = add(storage, shape, 'quantized', 'weights');
  const x_scale = add('float32', groups, 'scale', 'scales');
  // onnxruntime rewrites int8 weights as uint8 and then expects a zero point of the scales' shape.
  const isDefault = symmetric && !storage.startsWith('u') && storage !== 'int8';
  const x_zero_point = isDefault ? undefined : add(storage, groups, 'zero_point', 'zeroPoints');
  const axis = granularity.kind === 'per-tensor' ? {} : { axis: granularity.axis };
  const block = granularity.kind === 'per-block' ? { block_size: granularity.blockSize } : {};
  return graph.emit(
    DequantizeLinear,
    { x, x_scale, x_zero_point },
    { ...axis, ...block },
    { name: `${weight.name}_DequantizeLinear`, outputNames: [`${weight.name}_dequantized`] },
  ).output;
}

/** The weights as [K, N]. */
function rowMajor(weights: Tensor<'float32'>, parts: ComputeParts): Float32Array {
  if (parts.channelAxis === 1) return weights.data;
  const { rows, columns } = matrixOf(parts);
  const result = new Float32Array(rows * columns);
  for (let n = 0; n < columns; n++) {
    for (let k = 0; k < rows; k++) result[k * columns + n] = weights.data[n * rows + k] ?? 0;
  }
  return result;
}
