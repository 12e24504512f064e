import { type Graph, knownShape, Slice, type Value } from '@octavo/core/ir';
import { int64, StoredTensor } from '@octavo/core/tensor';
import { reshaped } from './reshaped.js';
import { type Sizes, sizesOf } from './sizes.js';
import type { Term } from './term.js';
import { transposed } from './transposed.js';

/** The axes of a term but those along which its one element stands for each of several. */
function wholeAxes({ value, labels }: Term, sizes: Sizes): number[] {
  const shape = knownShape(value.shape) ?? [];
  return [...labels.keys()].filter((axis) => shape[axis] === sizes.get(labels[axis] ?? ''));
}

/** The labels that {@link distinct} leaves to a term. */
export function distinctLabels(term: Term, sizes: Sizes): string[] {
  return [...new Set(wholeAxes(term, sizes).map((axis) => term.labels[axis] ?? ''))];
}

/** A term with each label once: without the axes along which it is the same, and with the diagonals of those that repeat a label. */
export function distinct(graph: Graph, term: Term, sizes: Sizes): Term {
  const labels = distinctLabels(term, sizes);
  if (labels.length === term.labels.length) return term;
  const whole = wholeAxes(term, sizes).map((axis) => term.labels[axis] ?? '');
  const isWhole = whole.length === term.labels.length;
  const value = isWhole ? term.value : reshaped(graph, term.value, sizesOf(whole, sizes));
  if (labels.length === whole.length) return { value, labels };
  return { value: diagonals(graph, { value, labels: whole }, labels, sizes), labels };
}

/** The elements with one index for all axes of a label: they lie at equal distances in those axes joined. */
function diagonals(graph: Graph, { value, labels }: Term, kept: readonly string[], sizes: Sizes): Value {
  const axesOf = (label: string) => [...labels.keys()].filter((axis) => labels[axis] === label);
  const joined = kept.map((label) => ({ axes: axesOf(label), size: sizes.get(label) ?? 1 }));
  const places = [...labels.keys()].map(String);
  const turned = transposed(
    graph,
    { value, labels: places },
    joined.flatMap(({ axes }) => axes.map(String)),
  );
  const shape = joined.map(({ axes, size }) => size ** axes.length);
  const repeated = [...joined.keys()].filter((axis) => (joined[axis]?.axes.length ?? 0) > 1);
  const constant = (hint: string, numbers: readonly number[]) =>
    graph.addInitializer(hint, StoredTensor.of(int64(numbers)));
  const sliced = graph.emit(Slice, {
    data: reshaped(graph, turned, shape),
    starts: constant(
      'starts',
      repeated.map(() => 0),
    ),
    ends: constant(
      'ends',
      repeated.map((axis) => shape[axis] ?? 1),
    ),
    axes: constant('axes', repeated),
    steps: constant(
      'steps',
      repeated.map((axis) => stepOf(joined[axis]?.size ?? 1, joined[axis]?.axes.length ?? 1)),
    ),
  });
  return sliced.output ?? turned;
}

/** How far one more in each of some joined axes of a size moves: 1 + size + size² ... */
function stepOf(size: number, axes: number): number {
  return Array.from({ length: axes }, (_, axis) => size ** axis).reduce((sum, each) => sum + each, 0);
}
