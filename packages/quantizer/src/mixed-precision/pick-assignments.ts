import type { LayerChoice, LayerOption, PrecisionName } from './layer-choice.js';
import type { Assignment } from './predict-front.js';

/** For each precision but float that any layer may have, all layers in it that can be, the others in float. */
export function uniformAssignments(layers: readonly LayerChoice[]): ReadonlyMap<PrecisionName, Assignment> {
  const names = new Set(layers.flatMap(({ options }) => options.map(({ precision }) => precision)));
  names.delete('float');
  return new Map([...names].map((name) => [name, uniformAssignment(layers, name)]));
}

function uniformAssignment(layers: readonly LayerChoice[], name: PrecisionName): Assignment {
  const options = layers.flatMap(({ options: all }): readonly LayerOption[] => {
    const option = all.find(({ precision }) => precision === name) ?? all[0];
    return option ? [option] : [];
  });
  const sum = (of: (option: LayerOption) => number): number =>
    options.reduce((total, option) => total + of(option), 0);
  return {
    options,
    bytes: sum(({ bytes }) => bytes),
    noise: sum(({ noise }) => noise),
    time: sum(({ time }) => time),
  };
}

/** What assignments can be spread over. */
export type Axis = 'bytes' | 'time';

/**
 * Picks up to `count` assignments of a front: in turn along each axis, the one farthest from all those before. Along an axis only
 * those count that have less noise than all cheaper ones. Where an axis has none left, the next has its turn.
 * @param known Assignments that are there already.
 */
export function pickAssignments(
  front: readonly Assignment[],
  known: readonly Assignment[],
  axes: readonly Axis[],
  count: number,
): Assignment[] {
  const candidates = axes.map((axis) => ({ axis, quiet: quieter(front, axis) }));
  const chosen = [...known];
  for (let turn = 0; turn < count; turn++) {
    const first = turn % candidates.length;
    const inTurn = [...candidates.slice(first), ...candidates.slice(0, first)];
    const next = firstOf(inTurn, ({ axis, quiet }) => farthest(quiet, chosen, axis));
    if (!next) break;
    chosen.push(next);
  }
  return chosen.slice(known.length);
}

/** What is found first; the rest is not searched. */
function firstOf<T, R>(items: readonly T[], find: (item: T) => R | undefined): R | undefined {
  for (const item of items) {
    const found = find(item);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** The `count` cheapest of those assignments of a front that have less noise than all cheaper ones, without known ones. */
export function cheapest(
  front: readonly Assignment[],
  known: readonly Assignment[],
  axis: Axis,
  count: number,
): Assignment[] {
  const isKnown = ({ options }: Assignment): boolean =>
    known.some((other) => other.options.every((option, layer) => option === options[layer]));
  return quieter(front, axis)
    .filter((assignment) => !isKnown(assignment))
    .slice(0, count);
}

/** Assignments with less noise than all that are cheaper along an axis. */
function quieter(front: readonly Assignment[], axis: Axis): Assignment[] {
  const sorted = [...front].sort((a, b) => a[axis] - b[axis] || a.noise - b.noise);
  let least: number | undefined;
  return sorted.filter(({ noise }) => {
    if (least !== undefined && noise >= least) return false;
    least = noise;
    return true;
  });
}

/** The assignment that is farthest along an axis from the nearest chosen one; undefined where all lie on these. */
function farthest(
  assignments: readonly Assignment[],
  chosen: readonly Assignment[],
  axis: Axis,
): Assignment | undefined {
  let [best, most]: [Assignment | undefined, number] = [undefined, 0];
  for (const assignment of assignments) {
    const distance = Math.min(...chosen.map((other) => Math.abs(other[axis] - assignment[axis])));
    if (distance > most) [best, most] = [assignment, distance];
  }
  return best;
}
