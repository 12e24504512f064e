import type { LayerChoice, LayerOption } from './layer-choice.js';

/** What a search adds up over layers. */
export interface Sums {
  readonly bytes: number;
  /** Noise over signal: noise powers add up along a network. */
  readonly noise: number;
  /** Over the original's time; 0 where times are not looked at. */
  readonly time: number;
}

/** One precision a layer, and what they cost and lose together. */
export interface Assignment extends Sums {
  /** One option for each layer, in order. */
  readonly options: readonly LayerOption[];
}

/** Options chosen so far, as a list that shares its tail with others. */
interface State extends Sums {
  readonly option: LayerOption | undefined;
  readonly before: State | undefined;
}

/** The most that assignments may cost. */
export type Limits = Pick<Sums, 'bytes' | 'time'>;

export const UNLIMITED: Limits = { bytes: Number.POSITIVE_INFINITY, time: Number.POSITIVE_INFINITY };

/** Most states kept after a layer; more than that are thinned to one in each equal stretch of bytes and time. */
const MOST_STATES = 4096;

/** Stretches of time among them, where times differ. */
const TIME_STRETCHES = 64;

/**
 * The Pareto front of bytes, estimated noise and time over all assignments within limits, smallest first: the multiple-choice
 * knapsack problem by dynamic programming over lists of states that no other dominates (Nemhauser and Ullmann 1969,
 * "Discrete dynamic programming and capital allocation"). Exact as long as no list passes `MOST_STATES`.
 */
export function predictFront(layers: readonly LayerChoice[], limits: Limits = UNLIMITED): Assignment[] {
  let states: readonly State[] = [{ bytes: 0, noise: 0, time: 0, option: undefined, before: undefined }];
  for (const [index, { options }] of layers.entries()) {
    const most = lessTheLeast(limits, layers.slice(index + 1));
    const next = states.flatMap((before) =>
      options
        .map((option) => addTo(before, option))
        .filter(({ bytes, time }) => bytes <= most.bytes && time <= most.time),
    );
    states = thin(undominated(next));
  }
  return states.map(({ bytes, noise, time, ...state }) => ({
    bytes,
    noise,
    time,
    options: optionsOf(state),
  }));
}

/** What the layers to come leave of limits, whichever options they get. */
function lessTheLeast({ bytes, time }: Limits, layers: readonly LayerChoice[]): Limits {
  const least = (of: (option: LayerOption) => number): number =>
    layers.reduce((sum, { options }) => sum + Math.min(...options.map(of)), 0);
  return { bytes: bytes - least((option) => option.bytes), time: time - least((option) => option.time) };
}

function addTo(before: State, option: LayerOption): State {
  return {
    bytes: before.bytes + option.bytes,
    noise: before.noise + option.noise,
    time: before.time + option.time,
    option,
    before,
  };
}

/** States that are better in one way than all others that are as small, by bytes. */
function undominated(states: readonly State[]): State[] {
  const sorted = [...states].sort((a, b) => a.bytes - b.bytes || a.noise - b.noise || a.time - b.time);
  // Of the states so far, those that none beats in noise and time: noise rises along the list, time falls.
  const stairs: State[] = [];
  const beats = (stair: State | undefined, { noise, time }: State): boolean =>
    stair !== undefined && stair.noise <= noise && stair.time <= time;
  return sorted.filter((state) => {
    const at = lowerBound(stairs, state.noise);
    if (beats(stairs[at - 1], state) || beats(stairs[at], state)) return false;
    let end = at;
    while (end < stairs.length && (stairs[end]?.time ?? 0) >= state.time) end++;
    stairs.splice(at, end - at, state);
    return true;
  });
}

/** How many of some states in order of noise have less of it. */
function lowerBound(states: readonly State[], noise: number): number {
  let [low, high] = [0, states.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((states[middle]?.noise ?? noise) < noise) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Keeps the smallest, the fastest and, of each stretch, the state of least noise. */
function thin(states: readonly State[]): readonly State[] {
  if (states.length <= MOST_STATES) return states;
  const [bytes, time] = [states.map((state) => state.bytes), states.map((state) => state.time)];
  const hasTimes = extent(time).width > 0;
  const columns = hasTimes ? TIME_STRETCHES : 1;
  const rows = Math.floor((MOST_STATES - 2) / columns);
  const [row, column] = [stretches(bytes, rows), stretches(time, columns)];
  const cells = new Map<number, State>();
  for (const state of states) {
    const cell = row(state.bytes) * columns + column(state.time);
    if (state.noise < (cells.get(cell)?.noise ?? Number.POSITIVE_INFINITY)) cells.set(cell, state);
  }
  const fastest = extent(time).low;
  const kept = new Set([states[0], states.find((state) => state.time === fastest), ...cells.values()]);
  return states.filter((state) => kept.has(state));
}

function extent(values: readonly number[]): { readonly low: number; readonly width: number } {
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const value of values) {
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  return { low, width: high - low };
}

/** Numbers the equal stretches that values lie in. */
function stretches(values: readonly number[], count: number): (value: number) => number {
  const { low, width } = extent(values);
  return (value) => (width > 0 ? Math.min(count - 1, Math.floor((count * (value - low)) / width)) : 0);
}

function optionsOf(state: Pick<State, 'option' | 'before'>): LayerOption[] {
  const options: LayerOption[] = [];
  for (let at: typeof state | undefined = state; at?.option; at = at.before) options.push(at.option);
  return options.reverse();
}
