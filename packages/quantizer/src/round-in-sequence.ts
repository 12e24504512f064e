import { cloneModel, type Model } from '@octavo/core/ir';
import { dequantizeNumbers } from '@octavo/core/quant';
import { StoredTensor, Tensor, transposeMatrix } from '@octavo/core/tensor';
import { atNode } from './at-node.js';
import { matrixOf, weightMatrix } from './block-operands.js';
import type { CalibrationSample } from './calibrate.js';
import { Checkpoint } from './checkpoint.js';
import type { ComputeParts } from './compute-ops.js';
import { groupBy } from './group-by.js';
import { gatherMoments, type MomentsOptions, type ReadValue } from './input-moments.js';
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
 * Passes over the samples that are worth their time: over the public models a pass for every value read keeps no more
 * accuracy than three passes do, a single pass less.
 */
const PASSES = 3;

/** Most bytes of moments of one pass, unless one value alone has more. */
const MOMENT_MEMORY = 2 ** 28;

/**
 * Rounds layers in the order of the graph, in a few passes over the samples: what the layers of a pass read is observed
 * when those of earlier passes are rounded already, so that later layers make up for earlier ones (as GPTQ does, block by
 * block). The model is not changed; the results, a byte a weight, stay in memory.
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
  for (const reads of passesOver(layers)) {
    const moments = await gatherMoments(working, reads, samples, options);
    for (const [i, { readers }] of reads.entries())
      for (const { parts, format, rounding } of readers) {
        await checkpoint.pass();
        const key = weightKey(parts, format);
        if (rounded.has(key)) continue;
        const matrix = await weightMatrix(parts);
        const result = await atNode(parts.node, async () => rounding.round(matrix, format, moments[i]));
        rounded.set(key, result);
        replaceWeight(working, parts, result);
      }
  }
  return rounded;
}

/** A value with the layers that read it. */
interface Read extends ReadValue {
  readonly readers: readonly LayerToRound[];
}

/** The values that layers read, pass by pass. */
function passesOver(layers: readonly LayerToRound[]): Read[][] {
  const reads = [...groupBy(layers, ({ parts }) => parts.data.name)].map(([name, readers]) => ({
    name,
    readers,
    rows: readers[0] ? matrixOf(readers[0].parts).rows : 0,
  }));
  const most = Math.ceil(reads.length / PASSES);
  const passes: Read[][] = [];
  let bytes = 0;
  for (const read of reads) {
    const own = 8 * read.rows ** 2;
    const last = passes.at(-1);
    if (last && last.length < most && bytes + own <= MOMENT_MEMORY) {
      last.push(read);
      bytes += own;
    } else {
      passes.push([read]);
      bytes = own;
    }
  }
  return passes;
}

function replaceWeight(model: Model, parts: ComputeParts, { integers, type }: RoundedWeights): void {
  const { rows, columns } = matrixOf(parts);
  const values = dequantizeNumbers(integers, [rows, columns], type);
  const weight = model.graph.value(parts.weight.name);
  const shape = parts.weight.constant?.shape ?? [];
  const data = parts.channelAxis === 1 ? values : transposeMatrix(values, rows, columns);
  if (weight) weight.constant = StoredTensor.of(new Tensor('float32', shape, data));
}
