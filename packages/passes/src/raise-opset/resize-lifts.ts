import {
  type Graph,
  type Node,
  Resize,
  Resize10,
  storedConstant,
  Upsample,
  Upsample7,
  type Value,
} from '@octavo/core/ir';
import { float32, StoredTensor } from '@octavo/core/tensor';
import { type Lift, replaceNode } from './lift.js';

function liftUpsample7(graph: Graph, node: Node): void {
  const { mode, scales: listed } = Upsample7.attributes(node);
  const scales = graph.addInitializer(`${node.output?.name}_scales`, StoredTensor.of(float32(listed)));
  replaceNode(graph, node, graph.emit(Upsample, { X: Upsample7.inputs(node).X, scales }, { mode }));
}

function liftUpsample(graph: Graph, node: Node): void {
  const { mode } = Upsample.attributes(node);
  replaceNode(graph, node, graph.emit(Resize10, Upsample.inputs(node), { mode }));
}

/** Before opset 11, coordinates were divided by the scale and rounded down. */
function liftResize10(graph: Graph, node: Node): void {
  const { X, scales } = Resize10.inputs(node);
  const { mode } = Resize10.attributes(node);
  const roi = graph.addInitializer(`${node.output?.name}_roi`, StoredTensor.of(float32([])));
  const fresh = graph.emit(
    Resize,
    { X, roi, scales },
    { mode, coordinate_transformation_mode: 'asymmetric', nearest_mode: 'floor' },
  );
  replaceNode(graph, node, fresh);
}

/** Since opset 13, inputs without use are left out; before, they were empty tensors. */
function dropEmptyInputs(_: Graph, node: Node): void {
  for (const index of [1, 2, 3]) {
    if (isEmpty(node.inputs[index])) node.setInput(index, undefined);
  }
}

function isEmpty(value: Value | undefined): boolean {
  return storedConstant(value)?.size === 0;
}

/** Upsample and the versions of Resize. */
export const resizeLifts: readonly Lift[] = [
  { op: Upsample7, at: 9, apply: liftUpsample7 },
  { op: Upsample, at: 10, apply: liftUpsample },
  { op: Resize10, at: 11, apply: liftResize10 },
  { op: Resize, at: 13, apply: dropEmptyInputs },
];
