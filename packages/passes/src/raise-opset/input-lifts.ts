import {
  Clip,
  Clip6,
  Dropout,
  Dropout7,
  type Graph,
  type Node,
  Pad,
  Pad2,
  realDType,
  Scatter,
  ScatterElements,
  Slice,
  Slice1,
  Split,
  Split2,
  TopK,
  TopK1,
  type Value,
} from '@octavo/core/ir';
import { fromNumbers, StoredTensor } from '@octavo/core/tensor';
import { intsInput, type Lift, replaceNode } from './lift.js';

const LARGEST_FLOAT32 = 3.4028234663852886e38;

/** A scalar initializer with the dtype of `like`. */
function scalarInput(graph: Graph, node: Node, use: string, like: Value, value: number): Value {
  const tensor = fromNumbers(realDType(like) ?? 'float32', [], [value]);
  return graph.addInitializer(`${node.output?.name ?? node.op.name}_${use}`, StoredTensor.of(tensor));
}

function liftClip(graph: Graph, node: Node): void {
  const { input } = Clip6.inputs(node);
  const bounds = Clip6.attributes(node);
  const min = bounds.min > -LARGEST_FLOAT32 ? scalarInput(graph, node, 'min', input, bounds.min) : undefined;
  const max = bounds.max < LARGEST_FLOAT32 ? scalarInput(graph, node, 'max', input, bounds.max) : undefined;
  replaceNode(graph, node, graph.emit(Clip, { input, min, max }));
}

function liftDropout(graph: Graph, node: Node): void {
  const { data } = Dropout7.inputs(node);
  const ratio = scalarInput(graph, node, 'ratio', data, Dropout7.attributes(node).ratio);
  replaceNode(graph, node, graph.emit(Dropout, { data, ratio }, {}, { outputs: node.outputs.length }));
}

function liftPad(graph: Graph, node: Node): void {
  const { data } = Pad2.inputs(node);
  const { mode, pads: listed, value } = Pad2.attributes(node);
  const pads = intsInput(graph, node, 'pads', listed);
  const constant_value = value === 0 ? undefined : scalarInput(graph, node, 'value', data, value);
  replaceNode(graph, node, graph.emit(Pad, { data, pads, constant_value }, { mode }));
}

function liftSlice(graph: Graph, node: Node): void {
  const { data } = Slice1.inputs(node);
  const bounds = Slice1.attributes(node);
  const starts = intsInput(graph, node, 'starts', bounds.starts);
  const ends = intsInput(graph, node, 'ends', bounds.ends);
  const axes = bounds.axes && intsInput(graph, node, 'axes', bounds.axes);
  replaceNode(graph, node, graph.emit(Slice, { data, starts, ends, axes }));
}

function liftSplit(graph: Graph, node: Node): void {
  const { input } = Split2.inputs(node);
  const { axis, split: sizes } = Split2.attributes(node);
  const split = sizes && sizes.length > 0 ? intsInput(graph, node, 'split', sizes) : undefined;
  replaceNode(graph, node, graph.emit(Split, { input, split }, { axis }, { outputs: node.outputs.length }));
}

/** Since opset 18 equal parts are counted by an attribute. */
function countParts(_: Graph, node: Node): void {
  if (node.inputs[1] || node.attributes.has('num_outputs')) return;
  node.setAttribute('num_outputs', { kind: 'int', value: node.outputs.length });
}

function liftTopK(graph: Graph, node: Node): void {
  const { axis, k } = TopK1.attributes(node);
  const K = intsInput(graph, node, 'k', [k]);
  replaceNode(graph, node, graph.emit(TopK, { X: TopK1.inputs(node).X, K }, { axis }, { outputs: 2 }));
}

function liftScatter(graph: Graph, node: Node): void {
  const { axis } = Scatter.attributes(node);
  replaceNode(graph, node, graph.emit(ScatterElements, Scatter.inputs(node), { axis }));
}

/** Ops with attributes that became inputs, or with another name. */
export const inputLifts: readonly Lift[] = [
  { op: Clip6, at: 11, apply: liftClip },
  { op: Dropout7, at: 12, apply: liftDropout },
  { op: Pad2, at: 11, apply: liftPad },
  { op: Slice1, at: 10, apply: liftSlice },
  { op: Split2, at: 13, apply: liftSplit },
  { op: Split, at: 18, apply: countParts },
  { op: TopK1, at: 10, apply: liftTopK },
  { op: Scatter, at: 11, apply: liftScatter },
];
