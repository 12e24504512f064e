import { Conv, type Graph, type Model } from '@octavo/core/ir';
import { Histogram, type HistogramState } from '@octavo/core/quant';
import type { CalibrationSample } from '../calibrate.js';
import { type ComputeParts, isComputeOp, takeCompute } from '../compute-ops.js';
import { loadWeights } from '../load-weights.js';
import { observeTaps, type StatisticsOptions, type TapObserver, type Tapped } from './observe-taps.js';
import { type WeightLayout, weightLayout } from './weight-layout.js';

/** What one layer reads and gives over some samples, and its weights. */
export interface LayerStatistics {
  readonly parts: ComputeParts;
  readonly weights: Float32Array;
  readonly shape: readonly number[];
  readonly layout: WeightLayout;
  /** Every element that the layer reads. */
  readonly input: HistogramState;
  /** Mean square of each input channel. */
  readonly inputPower: Float64Array;
  /** Mean square of an output element, before its bias and activation function where they are nodes of their own. */
  readonly outputPower: number;
  /** Multiplications of all samples; of a transposed convolution, as if its stride were 1. */
  readonly multiplications: number;
}

/** What sensitivities and reports call a layer: by the first value that it computes. */
export function layerNames({ node }: Pick<ComputeParts, 'node'>): {
  node: string;
  op: string;
  output: string;
} {
  const output = node.outputs.find((value) => value !== undefined);
  return { node: node.label, op: node.op.name, output: output?.name ?? '' };
}

/** Whether any sample reached a layer. */
export function isSeen({ input }: LayerStatistics): boolean {
  return input.min <= input.max;
}

/** Layers of a prepared graph that multiply an activation with constant float weights. */
export function quantizableLayers(graph: Graph): ComputeParts[] {
  return graph
    .sorted()
    .filter(isComputeOp)
    .flatMap((node) => {
      const parts = takeCompute(graph, node);
      return typeof parts === 'string' || !node.output ? [] : [parts];
    });
}

/**
 * Runs samples once through a prepared float model and keeps, for each layer, a histogram of what it reads, the power
 * of its input channels and of its output: kilobytes a layer, whatever the number of samples.
 * @throws QuantizerError `CALIBRATION_EMPTY` without samples; the signal's reason.
 */
export async function gatherStatistics(
  model: Model,
  samples: AsyncIterable<CalibrationSample> | Iterable<CalibrationSample>,
  options: StatisticsOptions,
): Promise<LayerStatistics[]> {
  const gatherers = await startGatherers(model.graph);
  await observeTaps(model, samples, gatherers, options);
  return gatherers.map((gatherer) => gatherer.statistics());
}

/** What gathers the statistics of every layer of a prepared graph. */
export function startGatherers(graph: Graph): Promise<LayerGatherer[]> {
  return Promise.all(quantizableLayers(graph).map(startGatherer));
}

async function startGatherer(parts: ComputeParts): Promise<LayerGatherer> {
  const { data, shape } = await loadWeights(parts.weight.constant);
  return new LayerGatherer(parts, data, shape);
}

/** Collects one layer's statistics sample by sample. */
class LayerGatherer implements TapObserver {
  readonly taps: readonly string[];
  private readonly parts: ComputeParts;
  private readonly weights: Float32Array;
  private readonly shape: readonly number[];
  private readonly layout: WeightLayout;
  private readonly histogram = new Histogram();
  private readonly power: Float64Array;
  private readonly counts = { input: 0, output: 0 };
  private outputSquares = 0;

  constructor(parts: ComputeParts, weights: Float32Array, shape: readonly number[]) {
    this.parts = parts;
    this.taps = [parts.data.name, layerNames(parts).output];
    this.weights = weights;
    this.shape = shape;
    this.layout = weightLayout(parts, shape);
    this.power = new Float64Array(this.layout.inputChannels);
  }

  see(value: Tapped): void {
    if (value.name === this.parts.data.name) this.read(value);
    else this.give(value);
  }

  private read({ values, shape, scan }: Tapped): void {
    this.histogram.add(values, scan);
    const channels = this.power.length;
    const inner = Conv.is(this.parts.node) ? shape.slice(2).reduce((a, b) => a * b, 1) : 1;
    for (let i = 0, channel = 0; i < values.length; i += inner) {
      let squares = 0;
      for (let at = i; at < i + inner; at++) squares += (values[at] ?? 0) ** 2;
      this.power[channel] = (this.power[channel] ?? 0) + squares;
      channel = channel + 1 === channels ? 0 : channel + 1;
    }
    this.counts.input += values.length / channels;
  }

  private give({ values }: Tapped): void {
    for (let i = 0; i < values.length; i++) this.outputSquares += (values[i] ?? 0) ** 2;
    this.counts.output += values.length;
  }

  statistics(): LayerStatistics {
    const { parts, weights, shape, layout, histogram, power, counts } = this;
    return {
      parts,
      weights,
      shape,
      layout,
      input: histogram.state,
      inputPower: power.map((squares) => squares / Math.max(1, counts.input)),
      outputPower: this.outputSquares / Math.max(1, counts.output),
      multiplications: (counts.output * weights.length) / layout.outputChannels,
    };
  }
}
