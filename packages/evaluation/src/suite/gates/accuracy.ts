import { allowedDrop } from '../../allowed-drop.js';
import type { Comparison, Evaluation, Figure } from '../../evaluate.js';
import { figureText, percent } from '../../figure-text.js';
import { DEFAULT_MIN_SAMPLES, type Gate, type GateResult, limited, tooSmall } from '../gate.js';
import type { AccuracyGate, Suite } from '../schema.js';

/** Limits of metrics against labels, of all samples or of each segment. */
export const accuracyGates: Gate = (suite, { evaluations }) =>
  (suite.accuracy ?? []).flatMap((gate) => judgeAccuracy('accuracy', gate, suite, evaluations));

/** Limits of metrics by bands of the label. */
export const priceRangeGates: Gate = (suite, { evaluations }) =>
  (suite.domain?.priceRange ?? []).flatMap(({ by, ...limits }) =>
    judgeAccuracy('domain', { ...limits, segments: [by] }, suite, evaluations),
  );

function judgeAccuracy(
  group: GateResult['group'],
  gate: AccuracyGate,
  suite: Suite,
  evaluations: readonly Evaluation[],
): GateResult[] {
  const name = gate.metric ?? suite.metrics?.[0];
  const evaluation = evaluations.find(({ metric }) => metric === name);
  if (!evaluation) throw new RangeError(`metric ${name} was measured`);
  return figuresOf(evaluation, gate.segments).flatMap(({ figure, place }) => {
    const least = suite.minSamples ?? DEFAULT_MIN_SAMPLES;
    if (place !== '' && figure.count < least)
      return [tooSmall(group, `${evaluation.metric}${place}`, figure.count, least)];
    return judgeFigure(group, gate, evaluation, figure, place);
  });
}

/** The overall figure, or those of every segment. */
export function figuresOf(
  evaluation: Evaluation,
  segments: readonly string[] | undefined,
): { readonly figure: Figure; readonly place: string }[] {
  if (!segments) return [{ figure: evaluation.overall, place: '' }];
  return evaluation.segments
    .filter(({ by }) => segments.includes(by))
    .flatMap(({ by, segments }) => segments.map((figure) => ({ figure, place: `, ${by}: ${figure.name}` })));
}

function judgeFigure(
  group: GateResult['group'],
  gate: AccuracyGate,
  evaluation: Evaluation,
  figure: Figure,
  place: string,
): GateResult[] {
  const { metric, unit } = evaluation;
  const show = (value: number): string => figureText(value, unit);
  const results: GateResult[] = [];
  if (gate.min !== undefined)
    results.push(limited(group, `${metric}${place}`, 'at least', figure.value, gate.min, show));
  if (gate.max !== undefined)
    results.push(limited(group, `${metric}${place}`, 'at most', figure.value, gate.max, show));
  if (gate.minRetention !== undefined)
    results.push(judgeRetention(group, gate, gate.minRetention, evaluation, figure, place));
  if (gate.maxDrop !== undefined)
    results.push(judgeDrop(group, gate, gate.maxDrop, evaluation, figure, place));
  return results;
}

/** A retention is kept when the drop stays within what it allows. Judged on paired samples. */
function judgeRetention(
  group: GateResult['group'],
  { judge }: AccuracyGate,
  limit: number,
  evaluation: Evaluation,
  { original }: Figure,
  place: string,
): GateResult {
  const { metric } = evaluation;
  const measured = original?.retention ?? Number.NaN;
  if (judge !== 'value' && lacksInterval(original))
    return undecided(group, `${metric} retention${place}`, measured, limit);
  const allowed = original ? allowedDrop(limit, original, evaluation) : Number.NaN;
  const certain = judge === 'value' || measured >= limit || !((original?.interval.low ?? 0) <= allowed);
  const holds = measured >= limit || !certain;
  const noise = holds && !(measured >= limit) ? '; the shortfall is within the noise of the samples' : '';
  return {
    group,
    name: `${metric} retention${place}`,
    status: holds ? 'passed' : 'failed',
    measured,
    limit,
    because: `keeps ${percent(measured)}, at least ${percent(limit)} allowed${noise}`,
  };
}

function judgeDrop(
  group: GateResult['group'],
  { judge }: AccuracyGate,
  limit: number,
  { metric, higherIsBetter, unit }: Evaluation,
  { original }: Figure,
  place: string,
): GateResult {
  const measured = original?.drop ?? Number.NaN;
  if (judge !== 'value' && lacksInterval(original))
    return undecided(group, `${metric} drop${place}`, measured, limit);
  const judged = judge === 'value' ? measured : (original?.interval.low ?? Number.NaN);
  const show = (value: number): string => (higherIsBetter ? figureText(value, unit) : percent(value));
  const holds = measured <= limit || judged <= limit;
  const noise = holds && measured > limit ? '; the excess is within the noise of the samples' : '';
  return {
    group,
    name: `${metric} drop${place}`,
    status: holds ? 'passed' : 'failed',
    measured,
    limit,
    because: `loses ${show(measured)}, at most ${show(limit)} allowed${noise}`,
  };
}

/** Whether too few samples, or groups of them, say nothing of how certain a figure is; one that is no number fails by itself. */
function lacksInterval(original: Comparison | undefined): boolean {
  return original !== undefined && !Number.isNaN(original.drop) && Number.isNaN(original.interval.low);
}

function undecided(group: GateResult['group'], name: string, measured: number, limit: number): GateResult {
  return { group, name, status: 'skipped', measured, limit, because: 'not enough samples for an interval' };
}
