import { supportUnless } from '@octavo/backend';
import { type Node, QAttention, type Value } from '@octavo/core/ir';
import { elementCount, type Tensor, toNumbers } from '@octavo/core/tensor';
import { type AttendOptions, emitAttend, type Heads } from '../attend.js';
import { declineFloats } from '../float-values.js';
import { defineLowering, type LoweredNode, type Lowering } from '../lowering.js';
import { nativeType } from '../native-type.js';
import type { Operand } from '../operand.js';
import { paddingMask } from '../padding-mask.js';
import { integersOf, isBytes, zeroPointsOf } from '../product-types.js';
import type { ProgramBuilder } from '../program-builder.js';
import { dtypeOf, required, shapeOf } from '../static-value.js';
import { declineMatrix, packedMatrix } from './matmul.js';

const FLOAT = Float32Array.BYTES_PER_ELEMENT;

function declineNode(node: Node): string | undefined {
  const { do_rotary: rotary, past_present_share_buffer: shared } = QAttention.attributes(node);
  if (rotary || shared) return 'it rotates its heads, or its past and present share a buffer';
  if (node.inputs[8] || node.outputs[1]) return 'it has keys of earlier runs';
  return declineProjection(node) ?? declineMask(node);
}

/** Why no kernel projects the input to queries, keys and values; undefined when one does. */
function declineProjection(node: Node): string | undefined {
  const { input, weight, bias, input_scale: scale, weight_scale: scales } = QAttention.inputs(node);
  const { input_zero_point: zero, weight_zero_point: zeros } = QAttention.inputs(node);
  const problem = declineMatrix(node, 1) ?? declineFloats([scale, node.output]);
  if (problem !== undefined) return problem;
  if (!isBytes(input) || !isBytes(weight)) return `no kernel for ${input.dtype} times ${weight.dtype}`;
  const columns = weight.constant?.shape[1] ?? 0;
  if (columns % (3 * QAttention.attributes(node).num_heads) !== 0)
    return 'its heads do not divide its columns';
  if (elementCount(shapeOf(scale)) !== 1 || (zero && elementCount(shapeOf(zero)) !== 1))
    return 'its input is not quantized per tensor';
  const fits = (value: Value | undefined) =>
    !value || (value.constant && (value.constant.size === 1 || value.constant.size === columns));
  if (!fits(scales) || !fits(zeros)) return 'its weights are not quantized by column';
  return bias.dtype === 'float32' && bias.constant?.size === columns
    ? undefined
    : 'its bias is no constant of one number a column';
}

/** Masks in the forms that the op lists, of its own sizes. */
function declineMask(node: Node): string | undefined {
  const { input, mask_index: mask } = QAttention.inputs(node);
  if (!mask) return undefined;
  // Seen keys have the filter times 0 added.
  if (!Number.isFinite(QAttention.attributes(node).mask_filter_value)) return 'its mask filter is not finite';
  if (mask.dtype !== 'int32') return `no kernel for a mask of ${mask.dtype}`;
  const [batch = 1, length = 1] = shapeOf(input);
  const shape = shapeOf(mask);
  const forms = [[batch], [2 * batch], [batch, length], [batch, length, length]];
  return forms.some((form) => form.join() === shape.join()) ? undefined : 'its mask has another size';
}

/** `[batch, length, 3 * heads * width]`: what queries, keys and values are parts of. */
function emitProjection({ node, constants }: LoweredNode, program: ProgramBuilder): Operand {
  const { input, weight, input_scale: scale, input_zero_point: zero } = QAttention.inputs(node);
  const [, weights, bias, , scales, , , zeros] = constants;
  const columns = shapeOf(weight)[1] ?? 0;
  const rows = elementCount(shapeOf(input).slice(0, -1));
  const packed = packedMatrix(program, {
    b: weight,
    weights,
    transposed: false,
    weightZeroPoints: zeroPointsOf({ zeroPoints: integersOf(zeros) }),
  });
  const to = program.scratch(rows * columns * FLOAT);
  program.emit({
    name: 'dynamic_matmul',
    operands: [
      program.constant(floatsOf(scales)),
      program.constant(floatsOf(bias)),
      program.operand(scale),
      zero && program.operand(zero),
      program.scratch(columns * FLOAT),
      program.operand(input),
      to,
    ],
    words: [packed, nativeType(dtypeOf(input)), rows],
  });
  return to;
}

function floatsOf(tensor: Tensor | undefined): Float32Array {
  return Float32Array.from(tensor ? toNumbers(tensor) : [1]);
}

function emitMask(node: Node, program: ProgramBuilder): AttendOptions['mask'] {
  const { input, mask_index: mask } = QAttention.inputs(node);
  const [batch = 1, keys = 1] = shapeOf(input);
  return (
    mask && paddingMask(program, mask, { batch, keys, filter: QAttention.attributes(node).mask_filter_value })
  );
}

const qAttention = defineLowering(QAttention, {
  supports: (node) => supportUnless(declineNode(node)),
  lower: (lowered, program) => {
    const { node, attributes } = lowered;
    const { input, weight } = QAttention.inputs(node);
    const [batch = 1, length = 1] = shapeOf(input);
    const columns = shapeOf(weight)[1] ?? 0;
    const hidden = columns / 3;
    const width = hidden / attributes.num_heads;
    const all = emitProjection(lowered, program);
    const mask = emitMask(node, program);
    const heads = (row: number): Heads => ({
      ...{ batch, heads: attributes.num_heads, length, width },
      ...{ batchStride: length * row, headStride: width, rowStride: row },
    });
    const own = heads(columns);
    const from = (index: number): Operand => ({
      ...all,
      offset: all.offset + index * hidden * FLOAT,
      bytes: all.bytes - index * hidden * FLOAT,
    });
    const attending = { q: own, k: own, v: own, out: heads(hidden), group: 1 };
    emitAttend(program, attending, {
      ...{ queries: from(0), keys: from(1), values: from(2) },
      to: program.output(required(node.output, node)),
      scale: attributes.scale || 1 / Math.sqrt(width),
      causal: attributes.unidirectional !== 0,
      mask,
    });
  },
});

/** Attention whose projection is an integer product. */
export const qattentionLowerings: readonly Lowering[] = [qAttention];
