import type { Graph, Model, Value } from '@octavo/core/ir';
import { type Tensor, toNumbers } from '@octavo/core/tensor';
import type { CalibrationSample } from '../calibrate.js';
import { Calibration } from '../calibration.js';
import { Checkpoint } from '../checkpoint.js';
import type { QuantizeOptions } from '../quantize.js';
import { QuantizerError } from '../quantizer-error.js';
import type { Recipe } from '../recipe.js';
import type { ReportBuilder } from '../report.js';
import type { HalfFormat } from './half-constants.js';

/** The largest finite magnitude that calibration saw of values, by name. */
type Reach = ReadonlyMap<string, number>;

/**
 * The float32 values of a graph that reach beyond a format's largest number, each with its largest magnitude; none
 * without calibration. Infinities do not count: they are such in float32 too. Values inside subgraphs are not observed.
 * @throws QuantizerError `CALIBRATION_EMPTY`, `CALIBRATION_MISSING` for samples without `createSession`.
 */
export async function findWide(
  model: Model,
  format: HalfFormat,
  recipe: Recipe,
  options: QuantizeOptions,
  report: ReportBuilder,
): Promise<ReadonlyMap<Value, number>> {
  const { calibration } = options;
  if (!calibration) return new Map();
  const values = floatValues(model.graph);
  const reach =
    calibration instanceof Calibration
      ? reachOf(calibration, values, report)
      : await measureReach(model, values, calibration, options, report);
  const wide = values.flatMap((value) => {
    const magnitude = reach.get(value.name) ?? 0;
    return magnitude > format.max ? [[value, magnitude] as const] : [];
  });
  const { inputs, outputs } = model.graph;
  const isOutside = ([value]: Wide): boolean =>
    recipe.io === format.dtype && (inputs.includes(value) || outputs.includes(value));
  const inside = wide.filter((each) => !isOutside(each));
  const outside = wide.filter(isOutside);
  if (inside.length > 0)
    report.warnings.push(`activations ${beyond(inside, format)}: what gives or reads them stays float32.`);
  if (outside.length > 0)
    report.warnings.push(
      `inputs and outputs ${beyond(outside, format)}: each is ${format.dtype} by --io, and what lies beyond becomes infinite.`,
    );
  return new Map(wide);
}

function floatValues(graph: Graph): Value[] {
  const computed = graph.nodes.flatMap((node) => node.outputs.filter((value) => value !== undefined));
  return [...graph.inputs, ...computed].filter((value) => value.dtype === 'float32' && !value.constant);
}

/** What a calibration tells of values; it watches only those that static quantization reads. */
function reachOf(calibration: Calibration, values: readonly Value[], report: ReportBuilder): Reach {
  report.samples = calibration.samples;
  const watched = new Set(calibration.values);
  const unknown = values.filter(({ name }) => !watched.has(name)).length;
  if (unknown > 0)
    report.warnings.push(
      `the ranges tell nothing of ${unknown} of ${values.length} activations, which may overflow; --calibration observes all.`,
    );
  const known = values.filter(({ name }) => watched.has(name));
  return new Map(known.map(({ name }) => [name, extremeOf(calibration, name)]));
}

function extremeOf(calibration: Calibration, name: string): number {
  try {
    const { min, max } = calibration.range(name, { observer: 'minmax', dtype: 'int16', symmetric: false });
    return Math.max(Math.abs(min), Math.abs(max));
  } catch (error) {
    if (error instanceof QuantizerError && error.code === 'CALIBRATION_UNSEEN') return 0;
    throw error;
  }
}

async function measureReach(
  model: Model,
  values: readonly Value[],
  samples: AsyncIterable<CalibrationSample> | Iterable<CalibrationSample>,
  { createSession, signal, onSample }: QuantizeOptions,
  report: ReportBuilder,
): Promise<Reach> {
  if (!createSession)
    throw missing('CALIBRATION_MISSING', 'samples are observed on a session.', 'Give createSession.');
  const reach = new Map<string, number>();
  using session = await createSession(model, { taps: values.map(({ name }) => name) });
  const onTap = (name: string, tensor: Tensor): void => {
    reach.set(name, Math.max(reach.get(name) ?? 0, largestOf(toNumbers(tensor))));
  };
  for await (const { feeds, count = 1 } of new Checkpoint(signal).each(samples)) {
    await session.run(feeds, signal ? { onTap, signal } : { onTap });
    report.samples += count;
    onSample?.(report.samples);
  }
  if (report.samples > 0) return reach;
  throw missing('CALIBRATION_EMPTY', 'the calibration data holds no samples.', 'Give a path with data.');
}

function largestOf(numbers: ArrayLike<number>): number {
  let largest = 0;
  for (let i = 0; i < numbers.length; i++) {
    const magnitude = Math.abs(numbers[i] ?? 0);
    if (magnitude > largest && magnitude < Number.POSITIVE_INFINITY) largest = magnitude;
  }
  return largest;
}

/** Values that the warning names before it counts. */
const NAMED = 8;

type Wide = readonly [Value, number];

/** Which values reach beyond the format, and how far. */
function beyond(wide: readonly Wide[], { mode, max }: HalfFormat): string {
  const named = wide.slice(0, NAMED).map(([{ name }, magnitude]) => `${name}: ${magnitude.toPrecision(3)}`);
  const more = wide.length > NAMED ? ` and ${wide.length - NAMED} more` : '';
  return `reach beyond ${mode}'s largest number ${max} (${named.join(', ')}${more})`;
}

function missing(code: string, message: string, remedy: string): QuantizerError {
  return new QuantizerError({ code, message, remedy });
}
