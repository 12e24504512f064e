import { supportUnless } from '@octavo/backend';
import { type Node, QAttention } from '@octavo/core/ir';
import { elementCount } from '@octavo/core/tensor';
import { type AttendOptions, emitAttend, type Heads } from '../attend.js';
import { declineBytes, declineFixed, emitByteProduct } from '../byte-product.js';
import { declineFloats } from '../float-values.js';
import { defineLowering, type LoweredNode, type Lowering } from '../lowering.js';
import type { Operand } from '../operand.js';
import { paddingMask } from '../padding-mask.js';
import type { ProgramBuilder } from '../program-builder.js';
import { required, shapeOf } from '../static-value.js';

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
  const problem =
    declineFixed(node, scales, zeros, bias) ?? declineFloats([scale]) ?? declineBytes(input, scale, zero);
  if (problem !== undefined) return problem;
  const [, columns = 0] = shapeOf(weight);
  return columns % (3 * QAttention.attributes(node).num_heads) === 0
    ? undefined
    : 'its heads do not divide its columns';
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
  const to = program.scratch(rows * columns * FLOAT);
  const bytes = {
    dtype: input.dtype === 'int8' ? 'int8' : 'uint8',
    integers: program.operand(input),
    scale: program.operand(scale),
    zeroPoint: zero && program.operand(zero),
  } as const;
  emitByteProduct(program, bytes, { b: weight, weights, scales, zeroPoints: zeros, bias }, { rows, to });
  return to;
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
