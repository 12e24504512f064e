import {
  Cast,
  Clip,
  Equal,
  Gather,
  type Graph,
  MatMul,
  type Node,
  type Pass,
  Reshape,
  storedConstant,
  tensorType,
  type Value,
} from '@octavo/core/ir';
import { fromNumbers, int64, isFloat, StoredTensor, Tensor, toNumbers } from '@octavo/core/tensor';
import { type Fusion, type FusionOptions, fusionPass } from './fusing/fusion.js';
import { ordered, producedBy } from './fusing/operands.js';

/**
 * Turns the product of one-hot rows, `cast(ids == [0, 1, ... n - 1])`, with a constant table into a Gather of the table's
 * rows; there may be several casts, as where a product of halves is computed in float32. An id outside the table has a
 * row of zeros: it is clamped to a row that is added for it.
 */
export function fuseEmbedding(options: FusionOptions = {}): Pass {
  return fusionPass('fuse-embedding', { roots: [MatMul], marks: [Equal] }, findEmbedding, options);
}

function findEmbedding(root: Node): Fusion | string | undefined {
  const [rows, table] = root.inputs;
  const casts = floatCasts(rows);
  const equal = producedBy(casts.at(-1)?.inputs[0], Equal);
  const compared = ordered(equal, (each) => countingLength(each));
  if (!equal || !compared || !table) return undefined;
  const stored = storedConstant(table);
  const [size, width] = stored?.shape ?? [];
  if (stored?.dtype !== 'float32' || stored.shape.length !== 2 || table.quantized) {
    return 'its table is no constant float32 matrix';
  }
  const { found: length, other: ids } = compared;
  const shape = ids.shape;
  if (length !== size || width === undefined) return `it compares with ${length} ids of ${size}`;
  if (shape?.at(-1) !== 1 || shape.slice(0, -1).filter((dim) => typeof dim !== 'number').length > 1)
    return 'the shape of its ids is not known';
  return {
    parts: [equal, ...casts.reverse(), root],
    emit: async (graph) => gather(graph, root, ids, withZeroRow(await stored.load(), size, width)),
  };
}

/** The casts to floats, of which 0 and 1 are in every one, that end in a value: the last first. */
function floatCasts(end: Value | undefined): Node[] {
  const casts: Node[] = [];
  for (let value = end; value?.dtype && isFloat(value.dtype); value = casts.at(-1)?.inputs[0]) {
    const cast = producedBy(value, Cast);
    if (!cast) break;
    casts.push(cast);
  }
  return casts;
}

/** n where a constant holds 0, 1, ... n - 1 along its last axis. */
function countingLength(value: Value): number | undefined {
  const constant = storedConstant(value);
  const length = constant?.shape.at(-1);
  if (!constant || (constant.dtype !== 'int32' && constant.dtype !== 'int64')) return undefined;
  if (constant.size !== length || value.quantized) return undefined;
  const tensor = constant.peek();
  return tensor && toNumbers(tensor).every((each, i) => each === i) ? length : undefined;
}

function withZeroRow(table: Tensor, size: number, width: number): Tensor {
  const data = new Float32Array((size + 1) * width);
  data.set(toNumbers(table));
  return new Tensor('float32', [size + 1, width], data);
}

function gather(graph: Graph, root: Node, ids: Value, table: Tensor): Node {
  const dtype = ids.dtype ?? 'int64';
  const last = (table.shape[0] ?? 1) - 1;
  const bound = (value: number) =>
    graph.addInitializer('id_bound', StoredTensor.of(fromNumbers(dtype, [], [value])));
  const dims = ids.shape?.slice(0, -1) ?? [];
  const target = dims.map((dim) => (typeof dim === 'number' ? dim : -1));
  const shape = graph.addInitializer('shape', StoredTensor.of(int64(target)));
  const flat = graph.emit(Reshape, { data: ids, shape }).output ?? ids;
  flat.type = tensorType(dtype, dims);
  const safe = graph.emit(Clip, { input: flat, min: bound(-1), max: bound(last) }).output ?? flat;
  safe.type = tensorType(dtype, dims);
  const data = graph.addInitializer('embedding', StoredTensor.of(table));
  return graph.emit(Gather, { data, indices: safe }, { axis: 0 }, { name: root.name });
}
