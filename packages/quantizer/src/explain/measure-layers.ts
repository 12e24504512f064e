import type { Model } from '@octavo/core/ir';
import {
  dequantize,
  dynamicQparams,
  ErrorMeasure,
  Histogram,
  type QuantizedType,
  quantize,
} from '@octavo/core/quant';
import { DTYPES, float32, type NumberArray, type Tensor, toNumbers } from '@octavo/core/tensor';
import { tapAll } from '@octavo/evaluation';
import type { NamedTensors, Session } from '@octavo/runtime';
import type { CalibrationSample, SessionFactory } from '../calibrate.js';
import { Checkpoint } from '../checkpoint.js';
import { gridOfRange } from '../sensitivity/range-noise.js';
import { ChannelPower } from './channel-power.js';
import type { LayerEvidence } from './evidence.js';
import type { LayerPair } from './layer-pair.js';
import { LayerProbe } from './layer-probe.js';

export interface MeasureLayersOptions {
  /** Opens float models. */
  readonly createSession: SessionFactory;
  /** Opens the quantized model so that it takes and gives what the original does; default `createSession`. */
  readonly openQuantized?: SessionFactory | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onSample?: ((seen: number) => void) | undefined;
}

/**
 * Runs both models on the same samples, and each layer alone with one thing exchanged at a time, to tell how much noise each
 * thing makes.
 * @param original Prepared; the model that the pairs are of.
 */
export async function measureLayers(
  pairs: readonly LayerPair[],
  original: Model,
  quantized: Model,
  samples: AsyncIterable<CalibrationSample> | Iterable<CalibrationSample>,
  { createSession, openQuantized = createSession, signal, onSample }: MeasureLayersOptions,
): Promise<LayerEvidence[]> {
  const inside = pairs.flatMap(({ parts, output }) => [
    parts.data.name,
    parts.node.output?.name ?? '',
    output,
  ]);
  const there = pairs.flatMap(({ quantizedData, quantizedOutput }) =>
    [quantizedData ?? [], quantizedOutput].flat(),
  );
  using left = await createSession(original, { taps: [...new Set(inside)] });
  using right = await openQuantized(quantized, { taps: [...new Set(there)] });
  const layers: LayerMeasure[] = [];
  try {
    for (const pair of pairs)
      layers.push(new LayerMeasure(pair, await LayerProbe.open(pair, original.graph.opsets, createSession)));
    let seen = 0;
    const checkpoint = new Checkpoint(signal);
    for await (const { feeds } of checkpoint.each(samples)) {
      const [before, after] = [await tapped(left, feeds), await tapped(right, feeds)];
      for (const layer of layers) {
        await checkpoint.pass();
        await layer.add(before, after);
      }
      onSample?.(++seen);
    }
    return layers.map((layer) => layer.read());
  } finally {
    for (const layer of layers) layer.dispose();
  }
}

async function tapped(session: Session, feeds: NamedTensors): Promise<Map<string, Tensor>> {
  return new Map([...Object.entries(feeds), ...(await tapAll(session, feeds))]);
}

/** Collects what is known of one layer, sample by sample. */
class LayerMeasure {
  private readonly pair: LayerPair;
  private readonly probe: LayerProbe;
  private readonly error = new ErrorMeasure();
  private readonly histogram = new Histogram();
  private readonly powers: Readonly<
    Record<'signal' | Exclude<keyof LayerEvidence['noise'], 'bias'>, ChannelPower>
  >;
  private readonly biasPower: ChannelPower;

  constructor(pair: LayerPair, probe: LayerProbe) {
    this.pair = pair;
    this.probe = probe;
    const power = (): ChannelPower => new ChannelPower(probe.channelAxis);
    this.powers = {
      signal: power(),
      inherited: power(),
      saturation: power(),
      inputRounding: power(),
      weights: power(),
    };
    this.biasPower = power();
  }

  async add(before: ReadonlyMap<string, Tensor>, after: ReadonlyMap<string, Tensor>): Promise<void> {
    const { parts, output, quantizedOutput, quantizedData, quantizedWeights, weights } = this.pair;
    const data = before.get(parts.data.name);
    const result = before.get(parts.node.output?.name ?? '');
    const found = after.get(quantizedOutput);
    if (!data || !result || !found) return;
    const numbers = toNumbers(result);
    const { shape } = result;
    this.histogram.add(toNumbers(data));
    this.powers.signal.add(numbers, undefined, shape);
    this.error.add(toNumbers(before.get(output) ?? result), toNumbers(found));
    this.addBias(result);
    const read = quantizedData === undefined ? undefined : after.get(quantizedData);
    if (read && differ(toNumbers(read), toNumbers(data)))
      this.powers.inherited.add(numbers, toNumbers(await this.probe.run(read)), shape);
    if (quantizedWeights && differ(quantizedWeights.numbers, weights))
      this.powers.weights.add(
        numbers,
        toNumbers(await this.probe.run(data, quantizedWeights.numbers)),
        shape,
      );
    await this.addInput(data, result);
  }

  /** A wrong bias moves every element of its channel by as much. */
  private addBias({ shape }: Tensor): void {
    const { bias, quantizedBias } = this.pair;
    if (!bias || quantizedBias?.numbers.length !== bias.length) return;
    const axis = this.probe.channelAxis < 0 ? shape.length - 1 : this.probe.channelAxis;
    const inner = shape.slice(axis + 1).reduce((product, size) => product * size, 1);
    const size = shape.reduce((product, dim) => product * dim, 1);
    const at = (values: NumberArray): Float64Array =>
      Float64Array.from({ length: size }, (_, i) => values[Math.floor(i / inner) % bias.length] ?? 0);
    this.biasPower.add(at(bias), at(quantizedBias.numbers), shape);
  }

  private async addInput(data: Tensor, result: Tensor): Promise<void> {
    const { input } = this.pair;
    if (!input) return;
    const values = toNumbers(data);
    if (!input.grid) {
      const rounded = await this.probe.run(roundAtRunTime(values, data, input.type));
      this.powers.inputRounding.add(toNumbers(result), toNumbers(rounded), result.shape);
      return;
    }
    const { low, high, scale } = input.grid;
    const inRange = Float32Array.from(values, (value) => Math.min(Math.max(value, low), high));
    const rounded = dequantize(quantize(float32(values, data.shape), input.type), input.type);
    const isClipped = values.some((value) => value < low - scale / 2 || value > high + scale / 2);
    const clipped = isClipped ? await this.probe.run(float32(inRange, data.shape)) : result;
    if (isClipped) this.powers.saturation.add(toNumbers(result), toNumbers(clipped), result.shape);
    const whole = await this.probe.run(rounded);
    this.powers.inputRounding.add(toNumbers(clipped), toNumbers(whole), result.shape);
  }

  read(): LayerEvidence {
    const { signal, ...sources } = this.powers;
    const { input } = this.pair;
    const read = this.histogram.state;
    return {
      pair: this.pair,
      input: input && {
        type: input.type,
        grid: input.grid ?? gridOfRange(read, DTYPES[input.type.storage].bits),
      },
      noise: {
        inherited: sources.inherited.over(signal),
        saturation: sources.saturation.over(signal),
        inputRounding: sources.inputRounding.over(signal),
        weights: sources.weights.over(signal),
        bias: this.biasPower.over(signal),
      },
      sqnr: this.error.read().sqnr,
      read,
    };
  }

  dispose(): void {
    this.probe.dispose();
  }
}

/** What integers of the range of these values leave of them. */
function roundAtRunTime(values: NumberArray, { shape }: Tensor, type: QuantizedType): Tensor {
  const { scale, zeroPoint } = dynamicQparams(values);
  const own = { ...type, scales: Float32Array.of(scale), zeroPoints: Int32Array.of(zeroPoint) };
  return dequantize(quantize(float32(values, shape), own), own);
}

function differ(a: NumberArray, b: NumberArray): boolean {
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return true;
  return false;
}
