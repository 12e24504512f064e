import { DequantizeLinear, type Graph, type Value } from '@octavo/core/ir';
import { quantize, quantizedTypeOfWeights, scaleShape, storeIntegers } from '@octavo/core/quant';
import {
  type DType,
  fromNumbers,
  type NumberArray,
  type Shape,
  type Tensor,
  transposeMatrix,
} from '@octavo/core/tensor';
import { atNode } from './at-node.js';
import type { ComputeParts } from './compute-ops.js';
import { deferredTensor } from './deferred-storage.js';
import { loadWeights } from './load-weights.js';
import { type NBits, packNBits } from './pack-nbits.js';
import type { WeightPrecision } from './precision.js';
import { weightOptions } from './quantize-layer.js';
import type { WeightMemory } from './weight-memory.js';
import { nearest, type RoundMatrix, type WeightMatrix } from './weight-rounding/index.js';

/** One layer whose weights alone are quantized. */
export interface WeightJob {
  readonly graph: Graph;
  readonly parts: ComputeParts;
  readonly precision: WeightPrecision;
  readonly memory: WeightMemory;
  /** How matrices in blocks become integers; to the nearest ones by default. */
  readonly round?: RoundMatrix;
}

/** The operands made for a weight before, or made now. */
export function shareOperands(
  job: WeightJob,
  make: () => readonly (Value | undefined)[],
): readonly (Value | undefined)[] {
  const { memory, parts } = job;
  const key = `${parts.weight.name} ${formOf(job)}`;
  const operands = memory.operands.get(key) ?? make();
  memory.operands.set(key, operands);
  return operands;
}

/** What the operands of a layer are made for, whichever its weight. */
export function formOf({ parts, precision }: Pick<WeightJob, 'parts' | 'precision'>): string {
  return `${parts.channelAxis} ${JSON.stringify(precision)}`;
}

/** K and N of a weight matrix. */
export function matrixOf({ weight, channelAxis }: ComputeParts): { rows: number; columns: number } {
  const shape = weight.constant?.shape ?? [];
  return { rows: shape[1 - channelAxis] ?? 0, columns: shape[channelAxis] ?? 0 };
}

/** Packed weights, scales and, where they are asymmetric, zero points. */
export function makePackedOperands(job: WeightJob, bits: NBits): readonly (Value | undefined)[] {
  const { parts, precision, memory, round = nearest.round } = job;
  const { blockSize, symmetric } = precision;
  const { node, weight, channelAxis } = parts;
  const source = weight.constant;
  const { rows, columns } = matrixOf(parts);
  const compute = (): Promise<Record<string, Uint8Array>> =>
    atNode(node, async () => {
      const { values } = asMatrix(await loadWeights(source), channelAxis);
      const { packed, scales, zeroPoints } = packNBits(values, {
        rows,
        columns,
        bits,
        blockSize,
        symmetric,
        round,
      });
      return { packed, scales: new Uint8Array(scales.buffer), ...(zeroPoints ? { zeroPoints } : {}) };
    });
  const add = (dtype: 'uint8' | 'float32', shape: number[], suffix: string, name: string): Value =>
    memory.add(weight, suffix, formOf(job), () => deferredTensor(dtype, shape, memory.cache, compute, name));
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
export function makeDequantize(job: WeightJob): Value | undefined {
  const { graph, parts, precision, memory } = job;
  const { node, weight } = parts;
  const source = weight.constant;
  const shape = source?.shape ?? [];
  const { storage, symmetric, granularity } = weightOptions(parts, precision);
  const groups = scaleShape(shape, granularity);
  const compute = (): Promise<Record<string, Uint8Array>> =>
    atNode(node, async () => {
      const { weights, scales, zeroPoints } = roundLayer(job, await loadWeights(source));
      return {
        weights: weights.bytes,
        scales: new Uint8Array(scales.buffer),
        zeroPoints: fromNumbers(storage, groups, zeroPoints).bytes,
      };
    });
  // onnxruntime makes one op of a dequantized matrix and its product, and then wants the integers in their graph.
  const place = shape.length === 2 ? 'addHere' : 'add';
  const add = (dtype: DType, dims: Shape, suffix: string, name: string): Value =>
    memory[place](weight, suffix, formOf(job), () =>
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

/** Integers, scales and zero points in the layout of the layer's own weight. */
function roundLayer(
  { parts, precision, round = nearest.round }: WeightJob,
  tensor: Tensor<'float32'>,
): { readonly weights: Tensor; readonly scales: Float32Array; readonly zeroPoints: NumberArray } {
  const { storage, symmetric, granularity } = weightOptions(parts, precision);
  if (granularity.kind !== 'per-block' || tensor.shape.length !== 2) {
    const type = quantizedTypeOfWeights(tensor.data, tensor.shape, { storage, symmetric, granularity });
    return { ...type, weights: quantize(tensor, type) };
  }
  const matrix = asMatrix(tensor, parts.channelAxis);
  const { columns } = matrix;
  const { integers, type } = round(matrix, { storage, symmetric, blockSize: granularity.blockSize });
  const back = <A extends NumberArray>(values: A): A =>
    parts.channelAxis === 1 ? values : transposeMatrix(values, values.length / columns, columns);
  return {
    weights: storeIntegers(storage, tensor.shape, back(integers)),
    scales: back(type.scales),
    zeroPoints: back(type.zeroPoints),
  };
}

/** The weights of a layer as [K, N]. */
export async function weightMatrix({ weight, channelAxis }: ComputeParts): Promise<WeightMatrix> {
  return asMatrix(await loadWeights(weight.constant), channelAxis);
}

function asMatrix({ data, shape }: Tensor<'float32'>, channelAxis: number): WeightMatrix {
  const [rows = 0, columns = 0] = channelAxis === 1 ? shape : shape.toReversed();
  return { values: channelAxis === 1 ? data : transposeMatrix(data, columns, rows), rows, columns };
}
