import {
  DequantizeLinear,
  Gemm,
  type Graph,
  MatMul,
  MatMulNBits,
  type Node,
  type Pass,
  supersede,
  Transpose,
  type Value,
} from '@octavo/core/ir';
import { normalizeAxis } from '@octavo/core/tensor';
import { keysOf, onlyWith } from './only-with.js';
import { type BlockBits, blockBits, packedRows, scaleRows, zeroRows } from './qdq/block-rows.js';

/** A product whose weights a node dequantizes in blocks. */
interface BlockProduct {
  readonly a: Value;
  readonly dequantize: Node;
  /** Whether the dequantized matrix is `[N, K]`. */
  readonly rowsAreOutputs: boolean;
}

const PRODUCTS = keysOf(MatMul, Gemm);

/**
 * Turns MatMul and Gemm whose constant weights DequantizeLinear makes from blocks of 2, 4 or 8 bits along their inner
 * axis into MatMulNBits, so that backends multiply by the blocks. Without it the weights become floats.
 */
export const absorbBlockWeights: Pass = onlyWith([DequantizeLinear], {
  name: 'absorb-block-weights',
  run(graph, log) {
    let changed = false;
    for (const node of graph.sorted()) {
      const product = productOf(node);
      if (!product) continue;
      const reason = decline(graph, node, product);
      if (reason) log.declined('absorb-block-weights', node.label, reason);
      else {
        absorb(graph, node, product);
        log.fired('absorb-block-weights', node.label);
        changed = true;
      }
    }
    return changed;
  },
});

function productOf(node: Node): BlockProduct | undefined {
  if (!PRODUCTS.has(node.op.key)) return undefined;
  const [a, weights] = node.inputs;
  const transposed = Gemm.is(node) && Gemm.attributes(node).transB !== 0;
  const turned = weights && matrixTransposed(weights);
  const dequantize = (turned ?? weights)?.producer;
  if (!a || !DequantizeLinear.is(dequantize) || DequantizeLinear.attributes(dequantize).block_size <= 0) {
    return undefined;
  }
  return { a, dequantize, rowsAreOutputs: transposed !== (turned !== undefined) };
}

/** The matrix that a value is the transpose of. */
function matrixTransposed(value: Value): Value | undefined {
  const { producer } = value;
  if (!Transpose.is(producer) || producer.inputs[0]?.shape?.length !== 2) return undefined;
  const { perm } = Transpose.attributes(producer);
  return !perm || perm[0] === 1 ? producer.inputs[0] : undefined;
}

function decline(
  graph: Graph,
  node: Node,
  { a, dequantize, rowsAreOutputs }: BlockProduct,
): string | undefined {
  const { x, x_scale: scale, x_zero_point: zeroPoint } = DequantizeLinear.inputs(dequantize);
  const { axis, block_size: blockSize } = DequantizeLinear.attributes(dequantize);
  if (!x.constant || !scale.constant || (zeroPoint && !zeroPoint.constant))
    return 'its weights are not constant';
  if (x.constant.shape.length !== 2) return 'its weights are no matrix';
  if (blockBits(x.constant.dtype) === undefined) return `its weights are ${x.constant.dtype}`;
  if (scale.dtype !== 'float32' || a.dtype !== 'float32') return 'it is not computed in float32';
  if (normalizeAxis(axis, 2) !== (rowsAreOutputs ? 1 : 0)) return 'its blocks lie across its outputs';
  if (blockSize % 16 !== 0) return `MatMulNBits has no blocks of ${blockSize}`;
  const chain = [dequantize.output, node.inputs[1]];
  if (chain.some((value) => value && (value.users.length !== 1 || graph.isOutput(value)))) {
    return 'its weights are read elsewhere in float';
  }
  return Gemm.is(node) ? declineGemm(node, x.constant.shape[rowsAreOutputs ? 0 : 1] ?? 0) : undefined;
}

function declineGemm(node: Node, outputs: number): string | undefined {
  const { alpha, beta, transA } = Gemm.attributes(node);
  const bias = node.inputs[2];
  if (alpha !== 1 || transA || (bias && beta !== 1)) return 'alpha, beta or transA is set';
  if (!bias) return undefined;
  return bias.constant?.shape.length === 1 && bias.constant.size === outputs
    ? undefined
    : 'its bias is no constant of one number an output';
}

function absorb(graph: Graph, node: Node, { a, dequantize, rowsAreOutputs }: BlockProduct): void {
  const { x, x_scale: scale, x_zero_point: zeroPoint } = DequantizeLinear.inputs(dequantize);
  const { block_size: blockSize } = DequantizeLinear.attributes(dequantize);
  const { output } = node;
  if (!x.constant || !scale.constant || !output) return;
  const bits: BlockBits = blockBits(x.constant.dtype) ?? 8;
  const [N = 0, K = 0] = rowsAreOutputs ? x.constant.shape : x.constant.shape.toReversed();
  const blocks = Math.ceil(K / blockSize);
  const weights = packedRows({ constant: x.constant, rowsAreOutputs }, blocks * blockSize);
  const zeroPoints = zeroPoint?.constant
    ? packedRows({ constant: zeroPoint.constant, rowsAreOutputs }, blocks)
    : x.constant.dtype.startsWith('u')
      ? zeroRows(N, blocks, bits)
      : undefined;
  graph.opsets.set('com.microsoft', graph.opsets.get('com.microsoft') ?? 1);
  const fresh = graph.emit(
    MatMulNBits,
    {
      A: a,
      B: graph.addInitializer(x.name, weights),
      scales: graph.addInitializer(scale.name, scaleRows({ constant: scale.constant, rowsAreOutputs })),
      zero_points: zeroPoints && graph.addInitializer(zeroPoint?.name ?? `${x.name}_zero`, zeroPoints),
      bias: node.inputs[2],
    },
    { K, N, bits, block_size: blockSize },
    { name: node.name },
  );
  if (fresh.output) supersede(graph, output, fresh.output);
}
