import { int64, toNumbers } from '@octavo/core/tensor';
import type { Sample } from '@octavo/datasets';
import { type Metric, meanScore, type Scored } from '@octavo/evaluation';
import type { Session } from '@octavo/runtime';

/** The classes that an output decides: one number a place (an anchor, a cell, a frame), 0 for nothing there. */
export type Decide = (output: ArrayLike<number>) => number[];

/** Labels each sample with the decisions of a session. */
export async function labelBy(
  session: Session,
  samples: readonly Sample[],
  decide: Decide,
): Promise<Sample[]> {
  const labelled: Sample[] = [];
  for (const sample of samples)
    labelled.push({ ...sample, label: int64(decide(await firstOutput(session, sample))) });
  return labelled;
}

/** Scores every decision of a session against the labels that {@link labelBy} gave. */
export async function scoreDecisions(
  session: Session,
  samples: readonly Sample[],
  metric: Metric,
  decide: Decide,
): Promise<Scored[]> {
  const scored: Scored[] = [];
  for (const sample of samples) {
    if (typeof sample.label !== 'object') throw new Error(`${sample.id} has no decisions as its label`);
    const labels = toNumbers(sample.label);
    const decisions = decide(await firstOutput(session, sample));
    if (decisions.length !== labels.length)
      throw new Error(`${decisions.length} decisions for ${labels.length} labels of ${sample.id}`);
    decisions.forEach((decision, place) => {
      const label = labels[place] ?? Number.NaN;
      const columns = { sample: sample.id };
      const id = `${sample.id}[${place}]`;
      scored.push({ ...metric.score([decision], label), id, sample: sample.id, label, columns });
    });
  }
  return scored;
}

async function firstOutput(session: Session, sample: Sample): Promise<ArrayLike<number>> {
  const output = (await session.run(sample.feeds))[session.outputs[0]?.name ?? ''];
  if (!output) throw new Error('the model gives its first output');
  return toNumbers(output);
}

/** Share of equal decisions. */
export const sameDecision: Metric = {
  name: 'same decision',
  higherIsBetter: true,
  unit: '%',
  reads: 'class',
  score(output, label) {
    const prediction = output[0] ?? Number.NaN;
    return { score: prediction === label ? 1 : 0, prediction };
  },
  summarize: meanScore,
};

/** F1 of what is found against what the labels say is there: places without anything on both sides do not count. */
export function foundF1(scored: readonly Scored[]): number {
  const right = scored.filter(({ label, score }) => label > 0 && score === 1).length;
  const said = scored.filter(({ prediction }) => prediction > 0).length;
  const there = scored.filter(({ label }) => label > 0).length;
  return (2 * right) / (said + there);
}
