import { cloneModel, type Model } from '@octavo/core/ir';
import { dequantizeNumbers } from '@octavo/core/quant';
import { StoredTensor, Tensor, transposeMatrix } from '@octavo/core/tensor';
import { atNode } from './at-node.js';
import { matrixOf, weightMatrix } from './block-operands.js';
import type { CalibrationSample } from './calibrate.js';
import { Checkpoint } from './checkpoint.js';
import type { ComputeParts } from './compute-ops.js';
import { groupBy } from './group-by.js';
import { gatherMoments, type MomentsOptions } from './input-moments.js';
import type { BlockFormat, RoundedWeights, WeightRounding } from './weight-rounding/index.js';

/** A layer to round, in the order of the graph. */
export interface LayerToRound {
  readonly parts: ComputeParts;
  readonly format: BlockFormat;
  readonly rounding: WeightRounding;
}

/** Results by {@link weightKey}. */
export type RoundedByWeight = ReadonlyMap<string, RoundedWeights>;

/** Layers that read one weight the same way share its integers. */
export function weightKey({ weight, channelAxis }: ComputeParts, format: BlockFormat): string {
  return `${channelAxis} ${weight.name} ${JSON.stringify(format)}`;
}

/**
 * Rounds layers one after another, each on what it reads when those before it are rounded already, so that later layers
 * make up for earlier ones (as GPTQ does): one pass over the samples for each value that layers read. The model is not
 * changed; the results, a byte a weight, stay in memory.
 * @throws QuantizerError `CALIBRATION_NAN`, `WEIGHTS_NOT_FINITE`.
 */
export async function roundInSequence(
  model: Model,
  layers: readonly LayerToRound[],
  samples: readonly CalibrationSample[],
  options: MomentsOptions,
): Promise<RoundedByWeight> {
  const working = cloneModel(model);
  const rounded = new Map<string, RoundedWeights>();
  const checkpoint = new Checkpoint(options.signal);
  for (const [name, readers] of groupBy(layers, ({ parts }) => parts.data.name)) {
    const rows = readers[0] ? matrixOf(readers[0].parts).rows : 0;
    const inputs = await gatherMoments(working, { name, rows }, samples, options);
    for (const { parts, format, rounding } of readers) {
      await checkpoint.pass();
      const key = weightKey(parts, format);
      if (rounded.has(key)) continue;
      const matrix = await weightMatrix(parts);
      const result = await atNode(parts.node, async () => rounding.round(matrix, format, inputs));
      rounded.set(key, result);
      replaceWeight(working, parts, result);
    }
  }
  return rounded;
}

function replaceWeight(model: Model, parts: ComputeParts, { integers, type }: RoundedWeights): void {
  const { rows, columns } = matrixOf(parts);
  const values = dequantizeNumbers(integers, [rows, columns], type);
  const weight = model.graph.value(parts.weight.name);
  const shape = parts.weight.constant?.shape ?? [];
  const data = parts.channelAxis === 1 ? values : transposeMatrix(values, rows, columns);
  if (weight) weight.constant = StoredTensor.of(new Tensor('float32', shape, data));
}
