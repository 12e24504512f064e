import {
  Add,
  Affine,
  Crop,
  type Graph,
  ImageScaler,
  Mul,
  type Node,
  Slice,
  Slice1,
  type Value,
} from '@octavo/core/ir';
import { fromNumbers, StoredTensor } from '@octavo/core/tensor';
import { intsInput, type Lift, replaceNode } from './lift.js';

/** Runtimes that know these experimental ops at all know them up to opset 9. */
const GONE = 10;
const TO_THE_END = 2 ** 63;

/** Multiplies by a number and adds numbers that broadcast over images. */
function scaleAndShift(
  graph: Graph,
  node: Node,
  data: Value,
  { scale, shift, shape }: { scale: number; shift: readonly number[]; shape: readonly number[] },
): void {
  const base = node.output?.name ?? node.op.name;
  const constant = (use: string, dims: readonly number[], values: readonly number[]): Value =>
    graph.addInitializer(
      `${base}_${use}`,
      StoredTensor.of(fromNumbers(data.dtype ?? 'float32', dims, values)),
    );
  const scaled = graph.emit(Mul, { A: data, B: constant('scale', [], [scale]) }).output;
  if (!scaled) throw new Error('emitted nodes have outputs');
  replaceNode(graph, node, graph.emit(Add, { A: scaled, B: constant('shift', shape, shift) }));
}

function liftAffine(graph: Graph, node: Node): void {
  const { alpha, beta } = Affine.attributes(node);
  scaleAndShift(graph, node, Affine.inputs(node).X, { scale: alpha, shift: [beta], shape: [] });
}

function liftImageScaler(graph: Graph, node: Node): void {
  const { scale, bias = [0] } = ImageScaler.attributes(node);
  const { input } = ImageScaler.inputs(node);
  scaleAndShift(graph, node, input, { scale, shift: bias, shape: [bias.length, 1, 1] });
}

/** What a Crop keeps of the axes 2 and 3. */
function cropBounds(node: Node): { readonly starts: readonly number[]; readonly ends: readonly number[] } {
  const { border, scale } = Crop.attributes(node);
  const [left = 0, top = 0, right = 0, bottom = 0] = border;
  const [height, width] = scale ?? [];
  const end = (start: number, size: number | undefined, cut: number): number =>
    size === undefined ? (cut === 0 ? TO_THE_END : -cut) : start + size;
  return { starts: [top, left], ends: [end(top, height, bottom), end(left, width, right)] };
}

function liftCrop(graph: Graph, node: Node): void {
  const { starts, ends } = cropBounds(node);
  const slice = graph.emit(Slice, {
    data: Crop.inputs(node).input,
    starts: intsInput(graph, node, 'starts', starts),
    ends: intsInput(graph, node, 'ends', ends),
    axes: intsInput(graph, node, 'axes', [2, 3]),
  });
  replaceNode(graph, node, slice);
}

function lowerCrop(graph: Graph, node: Node): void {
  const slice = graph.emit(Slice1, { data: Crop.inputs(node).input }, { ...cropBounds(node), axes: [2, 3] });
  replaceNode(graph, node, slice);
}

/** How they are written in the version that a graph has, from 7 on. */
export const legacyForms: readonly Pick<Lift, 'op' | 'apply'>[] = [
  { op: Affine, apply: liftAffine },
  { op: ImageScaler, apply: liftImageScaler },
  { op: Crop, apply: (graph, node) => (graph.opset < GONE ? lowerCrop : liftCrop)(graph, node) },
];

/** Experimental ops of old converters, in standard ones. */
export const legacyLifts: readonly Lift[] = [
  { op: Affine, at: GONE, apply: liftAffine },
  { op: ImageScaler, at: GONE, apply: liftImageScaler },
  { op: Crop, at: GONE, apply: liftCrop },
];
