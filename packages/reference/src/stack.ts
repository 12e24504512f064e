import type { Subgraph } from '@octavo/core/ir';
import { checkTensorBytes, normalizeAxis, type Tensor, zeros } from '@octavo/core/tensor';
import { concat } from './concat.js';
import { pickIndices, upTo } from './indices.js';
import { gatherElements } from './rearrange.js';

/** One slice along an axis, which disappears. */
export function sliceAt(data: Tensor, axis: number, index: number): Tensor {
  const coordinates = data.shape.map((size, i) => (i === axis ? [index] : upTo(size)));
  return gatherElements(data, data.shape.toSpliced(axis, 1), pickIndices(data.shape, coordinates));
}

/** What a round adds to stacked results, which will be of so many rounds. */
export function slicesOf(
  results: readonly Tensor[],
  first: number,
  rounds: number,
  maxTensorBytes: number,
): readonly Tensor[] {
  const slices = results.slice(first);
  for (const { dtype, shape } of slices) checkTensorBytes(dtype, [rounds, ...shape], maxTensorBytes);
  return slices;
}

/** Slices stacked along a new axis; without slices an empty tensor of the type that the subgraph declares. */
export function stack(slices: readonly Tensor[], axis: number, subgraph: Subgraph, output: number): Tensor {
  const first = slices[0];
  if (first) {
    const at = normalizeAxis(axis, first.shape.length + 1);
    return concat(
      slices.map((slice) => slice.reshape(slice.shape.toSpliced(at, 0, 1))),
      at,
    );
  }
  const type = subgraph.graph.outputs[output]?.tensorType;
  const shape = (type?.shape ?? []).map((dim) => (typeof dim === 'number' ? dim : 0));
  return zeros(type?.dtype ?? 'float32', shape.toSpliced(normalizeAxis(axis, shape.length + 1), 0, 0));
}
