import {
  Conv,
  ConvTranspose,
  DequantizeLinear,
  type Dim,
  Gemm,
  type Graph,
  MatMul,
  type Node,
  type Op,
  type Value,
} from '@octavo/core/ir';

/** A node that multiplies an activation with constant weights, taken apart. */
export interface ComputeParts {
  readonly node: Node;
  readonly data: Value;
  readonly weight: Value;
  /** Input position of the weight. */
  readonly weightIndex: number;
  readonly bias: Value | undefined;
  readonly biasIndex: number;
  /** Axis of the weight that counts output channels. */
  readonly channelAxis: number;
}

interface ComputeOp {
  readonly op: Op;
  /** The parts, or why this node cannot be computed in integers. */
  take(node: Node): ComputeParts | string;
}

const COMPUTE_OPS: readonly ComputeOp[] = [
  { op: Conv, take: takeConv },
  { op: ConvTranspose, take: takeConvTranspose },
  { op: Gemm, take: takeGemm },
  { op: MatMul, take: takeMatMul },
];

/** Whether a node is of an op that integer kernels exist for. */
export function isComputeOp(node: Node): boolean {
  return COMPUTE_OPS.some(({ op }) => op === node.op);
}

/** Takes a compute node apart, or says why it stays float. */
export function takeCompute(graph: Graph, node: Node): ComputeParts | string {
  const entry = COMPUTE_OPS.find(({ op }) => op === node.op);
  if (!entry) return `${node.op.name} has no integer form here`;
  const parts = entry.take(node);
  if (typeof parts === 'string') return parts;
  if (DequantizeLinear.is(parts.weight.producer)) return 'its weights are quantized already';
  if (!parts.weight.constant) return 'weights are not constant';
  if (graph.inputs.includes(parts.weight)) return 'its weights are an input of the graph';
  if (parts.weight.dtype !== 'float32')
    return `weights are ${parts.weight.dtype ?? 'of unknown dtype'}, not float32`;
  if (parts.data.constant) return 'its data input is constant';
  if (parts.data.dtype !== undefined && parts.data.dtype !== 'float32')
    return `its data input is ${parts.data.dtype}`;
  if (parts.bias && !parts.bias.constant) return 'its bias is not constant';
  if (parts.bias && graph.inputs.includes(parts.bias)) return 'its bias is an input of the graph';
  return parts;
}

function takeConv(node: Node): ComputeParts | string {
  const { X, W, B } = Conv.inputs(node);
  return {
    node,
    data: X,
    weight: W,
    weightIndex: 1,
    bias: B,
    biasIndex: 2,
    channelAxis: 0,
  };
}

/** Weights are [inputs, outputs / group, ...]: one scale a channel fits a single group only. */
function takeConvTranspose(node: Node): ComputeParts | string {
  const { X, W, B } = ConvTranspose.inputs(node);
  const { group } = ConvTranspose.attributes(node);
  if (group !== 1) return `its ${group} groups share no output channels`;
  return { node, data: X, weight: W, weightIndex: 1, bias: B, biasIndex: 2, channelAxis: 1 };
}

function takeGemm(node: Node): ComputeParts | string {
  const { A, B, C } = Gemm.inputs(node);
  const { alpha, beta, transA, transB } = Gemm.attributes(node);
  if (alpha !== 1 || (C && beta !== 1)) return `alpha ${alpha} and beta ${beta} are not 1`;
  if (transA) return 'its data input is transposed';
  const channelAxis = transB ? 0 : 1;
  if (C && !isRow(C.shape, B.shape?.[channelAxis])) return 'its bias is not one number a column';
  return { node, data: A, weight: B, weightIndex: 1, bias: C, biasIndex: 2, channelAxis };
}

function takeMatMul(node: Node): ComputeParts | string {
  const { A, B } = MatMul.inputs(node);
  if (B.shape?.length !== 2) return `weights of rank ${B.shape?.length ?? 'unknown'}, not 2`;
  return {
    node,
    data: A,
    weight: B,
    weightIndex: 1,
    bias: undefined,
    biasIndex: -1,
    channelAxis: 1,
  };
}

function isRow(shape: readonly Dim[] | undefined, columns: Dim | undefined): boolean {
  return (
    shape !== undefined &&
    shape.length >= 1 &&
    shape.at(-1) === columns &&
    shape.slice(0, -1).every((dim) => dim === 1)
  );
}
