import { Add, Conv, ConvTranspose, Gemm, MatMul, Mul, type Node, type Value } from '@octavo/core/ir';
import { channelOfOtherScale, hasZeroPoint, type QuantizedType } from '@octavo/core/quant';

/** Types of a node's inputs after folding, by position; undefined where an input stays as it is. */
export type InputTypes = readonly (QuantizedType | undefined)[];

/** What integer arithmetic demands of an op's quantized operands; returns why they do not fit. */
type Demand = (node: Node, types: InputTypes) => string | undefined;

const DEMANDS: ReadonlyMap<string, Demand> = new Map<string, Demand>([
  [Conv.key, (node, types) => weighted(node, types, 0)],
  [ConvTranspose.key, (node, types) => weighted(node, types, 1)],
  [
    Gemm.key,
    (node, types) => gemmProblem(node) ?? weighted(node, types, Gemm.attributes(node).transB ? 0 : 1),
  ],
  [MatMul.key, (node, types) => weighted(node, types, (node.inputs[1]?.shape?.length ?? 0) - 1)],
  [Add.key, (_, types) => elementwiseProblem(types)],
  [Mul.key, (_, types) => elementwiseProblem(types)],
]);

/** Whether an op has integer arithmetic of its own, so that every float operand must be quantized. */
export function hasIntegerArithmetic(node: Node): boolean {
  return DEMANDS.has(node.op.key);
}

/** Why a node cannot be computed in integers with operands of these types; undefined when it can. */
export function integerProblem(node: Node, types: InputTypes): string | undefined {
  return DEMANDS.get(node.op.key)?.(node, types);
}

const PRODUCTS: ReadonlySet<string> = new Set([Conv.key, ConvTranspose.key, Gemm.key, MatMul.key]);

/**
 * Whether a node whose operands {@link integerProblem} accepts is a product with constant weights and bias, so that its
 * int32 sums are worth dequantizing where nothing quantizes them.
 */
export function givesFloatSums(node: Node, inputs: readonly (Value | undefined)[]): boolean {
  return (
    PRODUCTS.has(node.op.key) &&
    node.output?.dtype === 'float32' &&
    inputs.slice(1).every((value) => !value || value.constant !== undefined)
  );
}

function elementwiseProblem(types: InputTypes): string | undefined {
  return types.some((type) => type && type.granularity.kind !== 'per-tensor')
    ? 'an operand is not quantized per tensor'
    : undefined;
}

/** Products of activations (input 0) with weights (input 1, per tensor or along `axis`), plus a bias (input 2). */
function weighted(node: Node, types: InputTypes, axis: number): string | undefined {
  const [x, w, bias] = types;
  if (!x || !w) return 'an operand is not quantized';
  if (!isByte(x)) return `its ${x.storage} activations would overflow 32-bit sums`;
  if (!isByte(w)) return `its ${w.storage} weights would overflow 32-bit sums`;
  if (x.granularity.kind !== 'per-tensor') return 'its activations are not quantized per tensor';
  const { granularity } = w;
  if (granularity.kind === 'per-block') return 'its weights are quantized in blocks';
  if (granularity.kind === 'per-axis' && granularity.axis !== axis) {
    return `its weights are quantized along axis ${granularity.axis}, not along the outputs (axis ${axis})`;
  }
  return bias && biasProblem(node.inputs[2], bias, x, w);
}

function isByte({ storage }: QuantizedType): boolean {
  return storage !== 'int16' && storage !== 'uint16' && storage !== 'int32';
}

/** An int32 bias is added to the sums as it is, so its scale must be theirs. */
function biasProblem(
  value: Value | undefined,
  bias: QuantizedType,
  x: QuantizedType,
  w: QuantizedType,
): string | undefined {
  if (bias.storage !== 'int32') return `its bias is stored as ${bias.storage}, not int32`;
  if (hasZeroPoint(bias)) return 'its bias has a zero point';
  if (bias.granularity.kind === 'per-block') return 'its bias is quantized in blocks';
  const channels = value?.shape?.at(-1);
  if (bias.granularity.kind === 'per-axis' && channels !== bias.scales.length) {
    return 'the scales of its bias do not follow its channels';
  }
  if (w.scales.length > 1 && bias.scales.length > 1 && w.scales.length !== bias.scales.length) {
    return 'the scales of its bias are not those of its weights';
  }
  const c = channelOfOtherScale(bias, x, w);
  if (c < 0) return undefined;
  const expected = Math.fround((x.scales[0] ?? 0) * (w.scales[w.scales.length === 1 ? 0 : c] ?? 0));
  const found = bias.scales[bias.scales.length === 1 ? 0 : c] ?? 0;
  return `the scale of its bias is ${found} in channel ${c}, its products have ${expected}`;
}

function gemmProblem(node: Node): string | undefined {
  const { alpha, beta } = Gemm.attributes(node);
  const bias = node.inputs[2];
  if (alpha !== 1 || (bias && beta !== 1)) return 'its alpha or beta is not 1';
  const rows = bias?.shape?.length === 2 ? bias.shape[0] : 1;
  return rows === 1 ? undefined : 'its bias has more than one row';
}
