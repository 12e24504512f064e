import { ErrorMeasure } from '@octavo/core/quant';
import { type Tensor, toNumbers } from '@octavo/core/tensor';
import type { Sample } from '@octavo/datasets';
import { argmax } from '@octavo/evaluation';
import type { Session } from '@octavo/runtime';
import type { Decide } from './decisions.js';

/** How alike two runtimes run one model (NUMERICS, Comparing). */
export interface Agreement {
  readonly samples: number;
  /** Share of equal decisions; absent where the first output is no choice between classes. */
  readonly sameTop?: number;
  /** Of the first session's outputs against the second's, in dB; the worst output counts. */
  readonly sqnr: number;
}

/**
 * Runs both sessions on the samples and compares all outputs by SQNR, and what their first outputs decide: by default
 * the largest number of each row, a row being the elements along the last axis.
 */
export async function agreement(
  ours: Session,
  theirs: Session,
  samples: readonly Sample[],
  decide?: Decide,
): Promise<Agreement> {
  const compared = theirs.outputs.map(({ name }) => ({ name, measure: new ErrorMeasure() }));
  const same: boolean[] = [];
  for (const sample of samples) {
    const [left, right] = [await ours.run(sample.feeds), await theirs.run(sample.feeds)];
    for (const [index, { name, measure }] of compared.entries()) {
      const [a, b] = [left[name], right[name]];
      if (!a || !b) throw new Error(`both sessions give ${name}`);
      measure.add(toNumbers(b), toNumbers(a));
      const own = decisionsOf(a, decide);
      if (index === 0) same.push(...decisionsOf(b, decide).map((decision, place) => decision === own[place]));
    }
  }
  const figures = compared.map(({ measure }) => measure.read());
  if (figures.some(({ nonFinite, count }) => nonFinite > 0 || count === 0))
    throw new Error('the outputs compared are numbers');
  const sqnr = Math.min(...figures.map((each) => each.sqnr));
  if (same.length === 0) return { samples: samples.length, sqnr };
  return { samples: samples.length, sqnr, sameTop: same.filter(Boolean).length / same.length };
}

function decisionsOf(output: Tensor, decide: Decide | undefined): number[] {
  const numbers = toNumbers(output);
  if (decide) return decide(numbers);
  const width = output.shape.at(-1) ?? 1;
  if (width < 2) return [];
  return Array.from({ length: numbers.length / width }, (_, row) =>
    argmax(numbers.slice(row * width, (row + 1) * width)),
  );
}
