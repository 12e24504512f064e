import { figureText, percent } from '../../figure-text.js';
import { type Gate, type GateResult, limited, type StabilityFigures } from '../gate.js';
import type { StabilityGate } from '../schema.js';

type Judge = (gate: StabilityGate, figures: StabilityFigures) => readonly GateResult[];

const dB = (value: number): string => figureText(value, 'dB');

/** The entry with the largest figure; undefined when there are none. */
function worstOf<T>(list: readonly T[], figure: (entry: T) => number): T | undefined {
  return list.reduce<T | undefined>(
    (worst, each) => (worst === undefined || figure(each) > figure(worst) ? each : worst),
    undefined,
  );
}

const saturation: Judge = ({ maxSaturated: limit }, { activations }) => {
  if (limit === undefined) return [];
  const worst = worstOf(activations, ({ saturated }) => saturated);
  const name = `saturated activations${worst ? `, worst: ${worst.value}` : ''}`;
  return [limited('stability', name, 'at most', worst?.saturated ?? 0, limit, percent)];
};

const weightsAtLimits: Judge = ({ maxWeightsAtLimits: limit }, { weights }) => {
  if (limit === undefined) return [];
  const worst = worstOf(weights, ({ atLimits }) => atLimits);
  const name = `weights at the ends of their integers${worst ? `, worst: ${worst.value}` : ''}`;
  return [limited('stability', name, 'at most', worst?.atLimits ?? 0, limit, percent)];
};

const weightSqnr: Judge = ({ minWeightSqnr: limit }, { weights }) => {
  if (limit === undefined) return [];
  const worst = worstOf(weights, ({ sqnr }) => -(sqnr ?? Number.POSITIVE_INFINITY));
  const name = `SQNR of weights${worst ? `, worst: ${worst.value}` : ''}`;
  return [limited('stability', name, 'at least', worst?.sqnr ?? Number.POSITIVE_INFINITY, limit, dB)];
};

const layerSqnr: Judge = ({ minLayerSqnr: limit }, { layers }) => {
  if (limit === undefined) return [];
  const worst = worstOf(layers, ({ sqnr }) => (Number.isNaN(sqnr) ? Number.POSITIVE_INFINITY : -sqnr));
  const name = `SQNR of layers${worst ? `, worst: ${worst.value}` : ''}`;
  return [limited('stability', name, 'at least', worst?.sqnr ?? Number.NaN, limit, dB)];
};

const determinism: Judge = ({ deterministic }, { deviations }) => {
  if (!deterministic) return [];
  const [first] = deviations;
  const because = first
    ? `output ${first.output} of sample ${first.sample} differs by ${first.maxAbs} in ${first.run}`
    : 'equal bits over all runs and threads';
  return [counted('equal bits over runs and threads', deviations.length, because)];
};

const edgeCases: Judge = ({ finiteEdgeCases }, { edgeCases: cases }) => {
  if (!finiteEdgeCases) return [];
  const failed = cases.filter(({ passed }) => !passed);
  const because =
    failed.length > 0
      ? `not finite where the original is: ${failed.map(({ name }) => name).join(', ')}`
      : `finite wherever the original is, in ${cases.length} cases`;
  return [counted('finite outputs in edge cases', failed.length, because)];
};

function counted(name: string, count: number, because: string): GateResult {
  const status = count === 0 ? 'passed' : 'failed';
  return { group: 'stability', name, status, measured: count, limit: 0, because };
}

const JUDGES: readonly Judge[] = [saturation, weightsAtLimits, weightSqnr, layerSqnr, determinism, edgeCases];

/** Limits of how the numbers inside the model behave. */
export const stabilityGates: Gate = ({ stability }, { stability: figures }) =>
  stability ? JUDGES.flatMap((judge) => judge(stability, figures)) : [];
