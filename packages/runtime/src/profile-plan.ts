import type { ProfiledRun } from '@octavo/backend';
import type { Tensor } from '@octavo/core/tensor';
import {
  DEFAULT_ROUNDS,
  type NodeSpan,
  type ProfileOptions,
  type SessionProfile,
  summarizeRuns,
  type TimedRun,
} from './profile.js';
import { SessionError } from './session-error.js';
import { keep, operands, type RunnableStage, type StageList } from './stage-list.js';

/** Runs a plan once untimed, then `rounds` times with the time of each node. */
export async function profilePlan(
  plan: StageList,
  inputs: readonly Tensor[],
  { rounds = DEFAULT_ROUNDS, signal }: ProfileOptions,
): Promise<SessionProfile> {
  await plan.run(inputs, undefined, signal);
  const explanations = plan.explain();
  const own = explanations.flatMap((each, index) => (each.fusedInto === null ? [index] : []));
  const positions = new Map(own.map((step, index) => [step, index]));
  const runs: TimedRun[] = [];
  for (let round = 0; round < rounds; round++) {
    signal?.throwIfAborted();
    runs.push(await timedRun(plan, inputs, positions));
  }
  return summarizeRuns(
    own.flatMap((index) => explanations[index] ?? []),
    runs,
  );
}

async function timedRun(
  plan: StageList,
  inputs: readonly Tensor[],
  positions: ReadonlyMap<number, number>,
): Promise<TimedRun> {
  const began = performance.now();
  const values = plan.begin(inputs);
  const spans: NodeSpan[] = [];
  let first = 0;
  for (const stage of plan.stages) {
    const result = await profileStage(stage, operands(stage, values));
    keep(stage, result.outputs, values);
    for (const { step, start, duration } of result.spans) {
      const node = positions.get(first + step);
      if (node !== undefined) spans.push({ node, start: start - began, duration });
    }
    first += stage.nodes;
  }
  return { milliseconds: performance.now() - began, spans };
}

function profileStage(
  { executable, backend }: RunnableStage,
  inputs: readonly Tensor[],
): ProfiledRun | Promise<ProfiledRun> {
  if (executable.profile) return executable.profile(inputs);
  throw new SessionError({
    code: 'SESSION_UNTIMED',
    message: `backend ${backend.id} does not time its nodes.`,
    remedy: 'Profile on another backend.',
  });
}
