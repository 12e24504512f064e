import type { Model } from '@octavo/core/ir';
import { ErrorMeasure } from '@octavo/core/quant';
import { type NumberArray, toNumbers } from '@octavo/core/tensor';
import { evaluate, type Scored } from '@octavo/evaluation';
import type { Session } from '@octavo/runtime';
import type { SessionFactory } from '../calibrate.js';
import { Checkpoint } from '../checkpoint.js';
import type { Judge } from '../judging/judge.js';
import { layerNames } from './layer-statistics.js';
import { type Bits, type Part, rank, type Sensitivity } from './sensitivity.js';
import { isQuantized, type SensitiveStatistics, type Subject, subjectOf } from './subject.js';

export interface MeasureOptions {
  readonly bits: readonly Bits[];
  readonly parts: readonly Part[];
  readonly judge: Judge;
  readonly createSession: SessionFactory;
  /** Results of an earlier, interrupted run: they are not measured again. */
  readonly known?: readonly Sensitivity[] | undefined;
  /** Called with each new result, for whoever keeps them. */
  readonly onResult?: ((entry: Sensitivity) => Promise<void> | void) | undefined;
  /** Called after each layer, part and width with the number done, and how many there are. */
  readonly onProgress?: ((done: number, total: number) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** One thing to measure. */
interface Job {
  readonly subject: Subject;
  readonly part: Part;
  readonly bits: Bits;
}

/**
 * The exact mode: every layer alone, quantized for real and run on the judge's samples; ranked by what the metric loses.
 * @param model The prepared float model that the statistics come from.
 * @throws EvaluationError as the judge; the signal's reason.
 */
export async function measureSensitivity(
  model: Model,
  statistics: readonly SensitiveStatistics[],
  options: MeasureOptions,
): Promise<Sensitivity[]> {
  const { known = [], onResult, onProgress, signal } = options;
  const checkpoint = new Checkpoint(signal);
  const results = new Map(known.map((entry) => [keyOf(entry.output, entry.part, entry.bits), entry]));
  const jobs = jobsOf(statistics, options);
  const waiting = jobs.filter(
    ({ subject, part, bits }) => !results.has(keyOf(layerNames(subject).output, part, bits)),
  );
  let done = jobs.length - waiting.length;
  onProgress?.(done, jobs.length);
  const original = waiting.length > 0 ? await runOriginal(model, options) : undefined;
  for (const job of waiting) {
    await checkpoint.pass();
    if (!original) break;
    const entry = await measure(model, job, original, options);
    results.set(keyOf(entry.output, entry.part, entry.bits), entry);
    await onResult?.(entry);
    done++;
    onProgress?.(done, jobs.length);
  }
  return rank(
    jobs.flatMap(
      ({ subject, part, bits }) => results.get(keyOf(layerNames(subject).output, part, bits)) ?? [],
    ),
  );
}

function keyOf(output: string, part: Part, bits: Bits): string {
  return `${output}\n${part}\n${bits}`;
}

function jobsOf(
  statistics: readonly SensitiveStatistics[],
  { parts, bits }: Pick<MeasureOptions, 'parts' | 'bits'>,
): Job[] {
  return statistics
    .map(subjectOf)
    .flatMap((subject) => parts.flatMap((part) => bits.map((width): Job => ({ subject, part, bits: width }))))
    .filter((job) => isQuantized(job.subject, job.part, job.bits));
}

/** How many models the exact mode makes and runs. */
export function countMeasurements(
  statistics: readonly SensitiveStatistics[],
  ways: Pick<MeasureOptions, 'parts' | 'bits'>,
): number {
  return jobsOf(statistics, ways).length;
}

/** What the float model gives: outputs to compare with, and scores. */
interface Original {
  readonly scored: readonly Scored[];
  readonly outputs: readonly NumberArray[];
}

async function runOriginal(model: Model, options: MeasureOptions): Promise<Original> {
  const outputs: NumberArray[] = [];
  const scored = await scoreModel(model, options, (output) => outputs.push(output));
  return { scored, outputs };
}

async function measure(
  model: Model,
  { subject, part, bits }: Job,
  original: Original,
  options: MeasureOptions,
): Promise<Sensitivity> {
  const isolated = await subject.isolate(model, part, bits);
  const error = new ErrorMeasure();
  let seen = 0;
  const scored = await scoreModel(isolated, options, (output) => {
    const reference = original.outputs[seen++];
    if (reference) error.add(reference, output);
  });
  const { overall } = evaluate(options.judge.metric, scored, { original: original.scored });
  return {
    ...layerNames(subject),
    part,
    bits,
    sqnr: error.read().sqnr,
    weights: subject.weights,
    metric: { value: overall.value, drop: overall.original?.drop ?? 0 },
  };
}

async function scoreModel(
  model: Model,
  { createSession, judge, signal }: MeasureOptions,
  onOutput: (output: NumberArray) => void,
): Promise<readonly Scored[]> {
  using session = await createSession(model, { taps: [] });
  return await judge.score(watchOutput(session, onOutput), { signal });
}

/** The same session, which shows the first float output of every run. */
function watchOutput(session: Session, onOutput: (output: NumberArray) => void): Session {
  const name = session.outputs.find((port) => port.dtype === 'float32')?.name ?? '';
  const run: Session['run'] = async (feeds, options) => {
    const outputs = await session.run(feeds, options);
    const output = outputs[name];
    if (output) onOutput(toNumbers(output));
    return outputs;
  };
  return new Proxy(session, {
    get(target, key) {
      if (key === 'run') return run;
      const member: unknown = Reflect.get(target, key, target);
      return typeof member === 'function' ? member.bind(target) : member;
    },
  });
}
