import { LayerNormalization, type Node } from '@octavo/core/ir';
import { hasFloat32Scales } from '../integer-ops.js';
import type { HalfFormat } from './half-constants.js';

/** Ops that lose too much in 16-bit floats, or whose float operands or results are float32 by definition. */
const FLOAT32_OPS: ReadonlySet<string> = new Set([
  'Bernoulli',
  'BlackmanWindow',
  'Constant',
  'CumSum',
  'DFT',
  'EyeLike',
  'GridSample',
  'HammingWindow',
  'HannWindow',
  'IsInf',
  'MelWeightMatrix',
  'Multinomial',
  'NonMaxSuppression',
  'QuantizeLinear',
  'RandomNormal',
  'RandomNormalLike',
  'RandomUniform',
  'RandomUniformLike',
  'Range',
  'Resize',
  'RoiAlign',
  'STFT',
  'TfIdfVectorizer',
  'Upsample',
]);

/** Ops whose definitions leave bfloat16 out (ONNX operator changelog). */
const WITHOUT_BFLOAT16: ReadonlySet<string> = new Set([
  'Compress',
  'Einsum',
  'OneHot',
  'ReverseSequence',
  'TopK',
  'Unique',
]);

/** Why a node computes in float32 between two casts; undefined when it has a form in 16-bit floats. */
export function keepsFloat32(node: Node, { dtype }: HalfFormat): string | undefined {
  const { op } = node;
  if (!op.known) return `${op.name} has no definition here, so its types are kept`;
  if (op.domain === 'ai.onnx.ml') return `${op.name} gives float32`;
  if (LayerNormalization.is(node) && node.outputs.length > 1) return 'its mean and deviation are float32';
  if (dtype === 'bfloat16' && WITHOUT_BFLOAT16.has(op.name)) return `${op.name} has no bfloat16 form`;
  return FLOAT32_OPS.has(op.name) || hasFloat32Scales(node) ? `${op.name} keeps float32` : undefined;
}
