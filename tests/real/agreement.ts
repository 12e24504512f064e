import { ErrorMeasure } from '@octavo/core/quant';
import { toNumbers } from '@octavo/core/tensor';
import type { Sample } from '@octavo/datasets';
import { argmax } from '@octavo/evaluation';
import type { Session } from '@octavo/runtime';

/** How alike two runtimes run one model (NUMERICS, Comparing). */
export interface Agreement {
  readonly samples: number;
  /** Share of samples whose largest output is at the same place. */
  readonly sameTop: number;
  /** Of the second session's outputs against the first's, in dB. */
  readonly sqnr: number;
}

/** Runs both sessions on the samples and compares their first outputs. */
export async function agreement(
  ours: Session,
  theirs: Session,
  samples: readonly Sample[],
): Promise<Agreement> {
  const measure = new ErrorMeasure();
  const name = theirs.outputs[0]?.name ?? '';
  let same = 0;
  for (const sample of samples) {
    const [a, b] = [(await ours.run(sample.feeds))[name], (await theirs.run(sample.feeds))[name]];
    if (!a || !b) throw new Error(`both sessions give ${name}`);
    const [x, y] = [toNumbers(b), toNumbers(a)];
    measure.add(x, y);
    if (argmax(x) === argmax(y)) same++;
  }
  return { samples: samples.length, sameTop: same / samples.length, sqnr: measure.read().sqnr };
}
