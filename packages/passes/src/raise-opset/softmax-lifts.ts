import {
  Flatten,
  type Graph,
  Hardmax,
  Hardmax1,
  LogSoftmax,
  LogSoftmax1,
  type Node,
  Reshape,
  Shape,
  Softmax,
  Softmax1,
} from '@octavo/core/ir';
import { type Lift, replaceNode } from './lift.js';

/**
 * The old form works on all axes from `axis` to the last together. That is the new form where only one of those axes
 * has more than one element; otherwise the tensor is flattened, computed and given its shape back.
 */
function lift(op: typeof Softmax1, next: typeof Softmax): Lift {
  return {
    op,
    at: 13,
    apply(graph, node) {
      const { input } = op.inputs(node);
      const { axis } = op.attributes(node);
      const { shape } = input;
      const first = shape && axis < 0 ? axis + shape.length : axis;
      const wide = shape?.flatMap((dim, i) => (i >= first && dim !== 1 ? [i] : []));
      if (wide && wide.length <= 1) {
        replaceNode(graph, node, graph.emit(next, { input }, { axis: wide[0] ?? first }));
      } else replaceNode(graph, node, throughRows(graph, next, input, axis));
    },
  };
}

function throughRows(
  graph: Graph,
  next: typeof Softmax,
  input: ReturnType<typeof Softmax1.inputs>['input'],
  axis: number,
): Node {
  const rows = graph.emit(Flatten, { input }, { axis }, { outputNames: [`${input.name}_rows`] }).output;
  const result = rows && graph.emit(next, { input: rows }, { axis: -1 }).output;
  const shape = graph.emit(Shape, { data: input }, {}, { outputNames: [`${input.name}_shape`] }).output;
  if (!result || !shape) throw new Error('emitted nodes have outputs');
  return graph.emit(Reshape, { data: result, shape });
}

/** Softmax and its kin, whose axis means one axis since opset 13. */
export const softmaxLifts: readonly Lift[] = [
  lift(Softmax1, Softmax),
  lift(LogSoftmax1, LogSoftmax),
  lift(Hardmax1, Hardmax),
];
