import {
  Add,
  Attention,
  type Graph,
  MatMul,
  type Node,
  type Pass,
  Softmax,
  Transpose,
  type Value,
} from '@octavo/core/ir';
import { type Fusion, type FusionOptions, fusionPass } from './fusing/fusion.js';
import { ordered, producedBy } from './fusing/operands.js';
import { productOf } from './fusing/product.js';

/** Turns `softmax(Q K' scale + mask) V` with heads as the second of four axes into Attention. */
export function fuseAttention(options: FusionOptions = {}): Pass {
  return fusionPass('fuse-attention', { roots: [MatMul], marks: [Softmax] }, findAttention, options);
}

function findAttention(root: Node): Fusion | string | undefined {
  const [weights, v] = root.inputs;
  const softmax = producedBy(weights, Softmax);
  if (!softmax || !v) return undefined;
  const rank = softmax.output?.shape?.length;
  if (rank !== 4 || v.shape?.length !== 4) return 'its operands do not have heads as the second of four axes';
  const { axis } = Softmax.attributes(softmax);
  if (axis !== -1 && axis !== 3) return `its softmax runs along axis ${axis}`;
  const masked = scoresOf(softmax.inputs[0]);
  const scores = masked && productOf(masked.scores);
  const product = scores?.factors.length === 1 ? producedBy(scores.factors[0], MatMul) : undefined;
  const [q, transposed] = product?.inputs ?? [];
  const keys = attendedKeys(transposed);
  if (!masked || !scores || !product || !q || !keys) return 'it multiplies no queries with transposed keys';
  if (!haveSameHeads(q, transposed) || !haveSameHeads(q, v)) return 'its products may repeat a batch or head';
  return {
    parts: [...keys.nodes, product, ...scores.nodes, ...masked.nodes, softmax, root],
    emit: (graph) =>
      graph.emit(
        Attention,
        {
          Q: q,
          K: keys.emit(graph),
          V: v,
          ...(masked.mask ? { attn_mask: masked.mask } : {}),
        },
        { scale: scores.scale },
        { name: root.name },
      ),
  };
}

/** Whether batches and heads are known to be as many: products repeat a single one, Attention does not. */
function haveSameHeads(a: Value, b: Value | undefined): boolean {
  return [0, 1].every((axis) => {
    const [x = null, y = null] = [a.shape?.[axis], b?.shape?.[axis]];
    return x === y && x !== null;
  });
}

/** Scores, and the mask that is added to them. */
function scoresOf(
  value: Value | undefined,
): { scores: Value; mask: Value | undefined; nodes: readonly Node[] } | undefined {
  if (!value) return undefined;
  const add = producedBy(value, Add);
  const sum = ordered(add, (each) => (producedBy(productOf(each).factors[0], MatMul) ? each : undefined));
  return add && sum
    ? { scores: sum.found, mask: sum.other, nodes: [add] }
    : { scores: value, mask: undefined, nodes: [] };
}

/** Keys `[batch, heads, length, width]` from their transpose; a new node where they lie `[batch, length, heads, width]`. */
function attendedKeys(
  value: Value | undefined,
): { nodes: readonly Node[]; emit(graph: Graph): Value } | undefined {
  const transpose = producedBy(value, Transpose);
  const source = transpose?.inputs[0];
  if (!transpose || !source) return undefined;
  const order = Transpose.attributes(transpose).perm?.join();
  if (order === '0,1,3,2') return { nodes: [transpose], emit: () => source };
  if (order !== '0,2,3,1') return undefined;
  return {
    nodes: [transpose],
    emit: (graph) => graph.emit(Transpose, { data: source }, { perm: [0, 2, 1, 3] }).output ?? source,
  };
}
