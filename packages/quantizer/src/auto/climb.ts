import { OctavoError } from '@octavo/core/tensor';
import { missesLimit, type Trials, undecided } from '../judging/index.js';
import type { Attempt, Candidate, Rung, RungContext } from './rung.js';

/** An attempt and the model that it was made with, where there is one. */
export interface Tried {
  readonly attempt: Attempt;
  readonly candidate?: Candidate;
}

/** Tries one rung's candidates; what it throws ends the rung, not the search. */
export async function* climb(rung: Rung, context: RungContext, trials: Trials): AsyncGenerator<Tried> {
  const because = rung.skips?.(context);
  if (because !== undefined) {
    yield { attempt: { rung: rung.name, label: '', outcome: 'skipped', because, seconds: 0 } };
    return;
  }
  const candidates = rung.candidates(context);
  let last: Attempt | undefined;
  for (;;) {
    const started = performance.now();
    const seconds = (): number => (performance.now() - started) / 1000;
    const step = await nextOf(candidates, last, context);
    if (step instanceof Error) {
      yield { attempt: { ...failure(rung, '', step), seconds: seconds() } };
      return;
    }
    if (!step) return;
    last = await tryOut(rung, step, context, trials, seconds);
    yield { attempt: last, candidate: step };
  }
}

/** The next candidate, undefined at the end, or what kept it from being made. Throws the signal's reason. */
async function nextOf(
  candidates: ReturnType<Rung['candidates']>,
  last: Attempt | undefined,
  { signal }: RungContext,
): Promise<Candidate | Error | undefined> {
  try {
    const step = await candidates.next(last);
    return step.done ? undefined : step.value;
  } catch (error) {
    return asFailure(error, signal);
  }
}

async function tryOut(
  rung: Rung,
  { label, model, report }: Candidate,
  { limit, signal }: RungContext,
  trials: Trials,
  seconds: () => number,
): Promise<Attempt> {
  const recipe = report ? { recipe: report.recipe } : {};
  try {
    const figures = await trials.measure(model);
    const because = missesLimit(figures, limit);
    const doubt = undecided(figures.quality, limit, trials.metric);
    return {
      rung: rung.name,
      label,
      ...(because === undefined ? { outcome: 'passed' } : { outcome: 'missed', because }),
      ...(doubt === undefined ? {} : { undecided: doubt }),
      ...recipe,
      figures,
      seconds: seconds(),
    };
  } catch (error) {
    return { ...failure(rung, label, asFailure(error, signal)), ...recipe, seconds: seconds() };
  }
}

/** Throws the signal's reason on. */
function asFailure(error: unknown, signal: AbortSignal | undefined): Error {
  signal?.throwIfAborted();
  return error instanceof Error ? error : new Error(String(error));
}

function failure(rung: Rung, label: string, error: Error): Omit<Attempt, 'seconds'> {
  const code = error instanceof OctavoError ? { code: error.code } : {};
  return { rung: rung.name, label, outcome: 'failed', because: error.message, ...code };
}
