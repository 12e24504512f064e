import type { LayerChoice, LayerOption } from './layer-choice.js';

/** One precision a layer, and what they cost and lose together. */
export interface Assignment {
  /** One option for each layer, in order. */
  readonly options: readonly LayerOption[];
  readonly bytes: number;
  /** Sum of the layers' noise over signal: noise powers add up along a network. */
  readonly noise: number;
}

/** Options chosen so far, as a list that shares its tail with others. */
interface State {
  readonly bytes: number;
  readonly noise: number;
  readonly option: LayerOption | undefined;
  readonly before: State | undefined;
}

/** Most states kept after a layer; more than that are thinned to one in each equal stretch of bytes. */
const MOST_STATES = 4096;

/**
 * The Pareto front of bytes and estimated noise over all assignments, smallest first: the multiple-choice knapsack problem
 * by dynamic programming over lists of states that no other dominates (Nemhauser and Ullmann 1969, "Discrete dynamic
 * programming and capital allocation"). Exact as long as no list passes `MOST_STATES`.
 */
export function predictFront(layers: readonly LayerChoice[]): Assignment[] {
  let states: readonly State[] = [{ bytes: 0, noise: 0, option: undefined, before: undefined }];
  for (const { options } of layers) {
    const next = states.flatMap((before) =>
      options.map(
        (option): State => ({
          bytes: before.bytes + option.bytes,
          noise: before.noise + option.noise,
          option,
          before,
        }),
      ),
    );
    states = thin(undominated(next));
  }
  return states.map(({ bytes, noise, ...state }) => ({ bytes, noise, options: optionsOf(state) }));
}

/** States that are better in one way than all smaller ones, by bytes. */
function undominated(states: readonly State[]): State[] {
  const sorted = [...states].sort((a, b) => a.bytes - b.bytes || a.noise - b.noise);
  let least: number | undefined;
  return sorted.filter(({ noise }) => {
    if (least !== undefined && noise >= least) return false;
    least = noise;
    return true;
  });
}

/** Keeps both ends and, of each stretch, the state of least noise. */
function thin(states: readonly State[]): readonly State[] {
  const [first, last] = [states[0], states.at(-1)];
  if (states.length <= MOST_STATES || !first || !last) return states;
  const width = (last.bytes - first.bytes) / (MOST_STATES - 1);
  const stretch = (state: State | undefined): number =>
    state ? Math.floor((state.bytes - first.bytes) / width) : Number.NaN;
  return states.filter((state, i) => i === 0 || stretch(state) !== stretch(states[i + 1]));
}

function optionsOf(state: Pick<State, 'option' | 'before'>): LayerOption[] {
  const options: LayerOption[] = [];
  for (let at: typeof state | undefined = state; at?.option; at = at.before) options.push(at.option);
  return options.reverse();
}
