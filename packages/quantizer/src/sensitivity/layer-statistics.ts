import { Conv, type Graph, type Model } from '@octavo/core/ir';
import { type Float32Scan, Histogram, type HistogramState } from '@octavo/core/quant';
import { type NumberArray, type Tensor, toNumbers } from '@octavo/core/tensor';
import type { CalibrationSample, SessionFactory } from '../calibrate.js';
import { Checkpoint } from '../checkpoint.js';
import { type ComputeParts, isComputeOp, takeCompute } from '../compute-ops.js';
import { groupBy } from '../group-by.js';
import { loadWeights } from '../load-weights.js';
import { QuantizerError } from '../quantizer-error.js';
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

export interface StatisticsOptions {
  readonly createSession: SessionFactory;
  readonly signal?: AbortSignal | undefined;
  readonly onSample?: ((seen: number) => void) | undefined;
}

/** What sensitivities and reports call a layer. */
export function layerNames({ node }: ComputeParts): { node: string; op: string; output: string } {
  return { node: node.label, op: node.op.name, output: node.output?.name ?? '' };
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
  { createSession, signal, onSample }: StatisticsOptions,
): Promise<LayerStatistics[]> {
  const gatherers = await Promise.all(quantizableLayers(model.graph).map(startGatherer));
  const inputs = groupBy(gatherers, ({ parts }) => parts.data.name);
  const outputs = groupBy(gatherers, ({ parts }) => parts.node.output?.name ?? '');
  using session = await createSession(model, { taps: [...new Set([...inputs.keys(), ...outputs.keys()])] });
  const onTap = (name: string, tensor: Tensor): void => {
    const values = toNumbers(tensor);
    for (const gatherer of inputs.get(name) ?? []) gatherer.read(values, tensor.shape, createSession.scan);
    for (const gatherer of outputs.get(name) ?? []) gatherer.give(values);
  };
  let seen = 0;
  for await (const { feeds } of new Checkpoint(signal).each(samples)) {
    await session.run(feeds, { onTap, ...(signal ? { signal } : {}) });
    seen++;
    onSample?.(seen);
  }
  if (seen === 0) throw noSamples();
  return gatherers.map((gatherer) => gatherer.statistics());
}

async function startGatherer(parts: ComputeParts): Promise<Gatherer> {
  const { data, shape } = await loadWeights(parts.weight.constant);
  return new Gatherer(parts, data, shape);
}

/** Collects one layer's statistics sample by sample. */
class Gatherer {
  readonly parts: ComputeParts;
  private readonly weights: Float32Array;
  private readonly shape: readonly number[];
  private readonly layout: WeightLayout;
  private readonly histogram = new Histogram();
  private readonly power: Float64Array;
  private readonly counts = { input: 0, output: 0 };
  private outputSquares = 0;

  constructor(parts: ComputeParts, weights: Float32Array, shape: readonly number[]) {
    this.parts = parts;
    this.weights = weights;
    this.shape = shape;
    this.layout = weightLayout(parts, shape);
    this.power = new Float64Array(this.layout.inputChannels);
  }

  read(values: NumberArray, shape: readonly number[], scan: Float32Scan | undefined): void {
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

  give(values: NumberArray): void {
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

function noSamples(): QuantizerError {
  return new QuantizerError({
    code: 'CALIBRATION_EMPTY',
    message: 'the data holds no samples.',
    remedy: 'Give a path with data, or a larger --samples.',
  });
}
