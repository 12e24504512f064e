import {
  type Graph,
  type Node,
  ReduceL1,
  ReduceL2,
  ReduceL11,
  ReduceL21,
  ReduceLogSum,
  ReduceLogSum1,
  ReduceLogSumExp,
  ReduceLogSumExp1,
  ReduceMax,
  ReduceMax1,
  ReduceMean,
  ReduceMean1,
  ReduceMin,
  ReduceMin1,
  ReduceProd,
  ReduceProd1,
  ReduceSum,
  ReduceSum1,
  ReduceSumSquare,
  ReduceSumSquare1,
  Squeeze,
  Squeeze1,
  Unsqueeze,
  Unsqueeze1,
} from '@octavo/core/ir';
import { intsInput, type Lift, replaceNode } from './lift.js';

type ReduceByAttribute = typeof ReduceSum1;
type ReduceByInput = typeof ReduceSum;

function reduceLift(op: ReduceByAttribute, at: number, next: ReduceByInput): Lift {
  return {
    op,
    at,
    apply(graph, node) {
      const { axes: listed, keepdims } = op.attributes(node);
      const axes = listed && listed.length > 0 ? intsInput(graph, node, 'axes', listed) : undefined;
      const fresh = graph.emit(next, { data: op.inputs(node).data, axes }, { keepdims });
      replaceNode(graph, node, fresh);
    },
  };
}

function liftSqueeze(graph: Graph, node: Node): void {
  const { axes: listed } = Squeeze1.attributes(node);
  const axes = listed && intsInput(graph, node, 'axes', listed);
  replaceNode(graph, node, graph.emit(Squeeze, { data: Squeeze1.inputs(node).data, axes }));
}

function liftUnsqueeze(graph: Graph, node: Node): void {
  const axes = intsInput(graph, node, 'axes', Unsqueeze1.attributes(node).axes);
  replaceNode(graph, node, graph.emit(Unsqueeze, { data: Unsqueeze1.inputs(node).data, axes }));
}

/** Ops whose axes moved from an attribute to an input. */
export const axesLifts: readonly Lift[] = [
  { op: Squeeze1, at: 13, apply: liftSqueeze },
  { op: Unsqueeze1, at: 13, apply: liftUnsqueeze },
  reduceLift(ReduceSum1, 13, ReduceSum),
  reduceLift(ReduceMean1, 18, ReduceMean),
  reduceLift(ReduceMax1, 18, ReduceMax),
  reduceLift(ReduceMin1, 18, ReduceMin),
  reduceLift(ReduceProd1, 18, ReduceProd),
  reduceLift(ReduceL11, 18, ReduceL1),
  reduceLift(ReduceL21, 18, ReduceL2),
  reduceLift(ReduceLogSum1, 18, ReduceLogSum),
  reduceLift(ReduceLogSumExp1, 18, ReduceLogSumExp),
  reduceLift(ReduceSumSquare1, 18, ReduceSumSquare),
];
