import { SUPPORTED, type Support, unsupported } from '@octavo/backend';
import { Attention, type Node, type Value } from '@octavo/core/ir';
import { type Shape, stridesOf } from '@octavo/core/tensor';
import { type Attending, emitAttend, type Heads } from '../attend.js';
import { declineFloats } from '../float-values.js';
import { defineLowering, type Lowering } from '../lowering.js';
import { required, shapeOf } from '../static-value.js';

/** Heads of `[batch, heads, length, width]` or `[batch, length, heads * width]`. */
function headsOf(shape: Shape, count: number | undefined): Heads {
  const [batch = 1, second = 1, third = 1, fourth = 1] = shape;
  const batchStride = shape.slice(1).reduce((product, size) => product * size, 1);
  if (shape.length === 4) {
    const strides = { batchStride, headStride: third * fourth, rowStride: fourth };
    return { batch, heads: second, length: third, width: fourth, ...strides };
  }
  const heads = count ?? 1;
  const width = third / heads;
  return { batch, heads, length: second, width, batchStride, headStride: width, rowStride: third };
}

function supports(node: Node): Support {
  const [q, k, v, mask, pastKey, pastValue, lengths] = node.inputs;
  const { q_num_heads, kv_num_heads, softcap } = Attention.attributes(node);
  const reason = declineFloats([q, k, v, mask, node.output]);
  if (reason !== undefined) return unsupported(reason);
  if (pastKey || pastValue || lengths) return unsupported('it has keys of earlier runs');
  if (node.outputs.slice(1).some((value) => value))
    return unsupported('its keys, values or scores are outputs');
  if (softcap !== 0) return unsupported('its scores are capped');
  const shapes = [q, k, v].map((value) => shapeOf(required(value, node)));
  if (shapes.some((shape) => shape.length === 3) && !(q_num_heads && kv_num_heads))
    return unsupported('its number of heads is not known');
  const [queryHeads, keyHeads] = [
    headsOf(shapes[0] ?? [], q_num_heads),
    headsOf(shapes[1] ?? [], kv_num_heads),
  ];
  const isWhole = [queryHeads.width, keyHeads.width, queryHeads.heads / keyHeads.heads].every(
    Number.isInteger,
  );
  if (!isWhole) return unsupported('its heads do not divide its channels, or its query heads');
  return mask ? supportsMask(node, mask) : SUPPORTED;
}

/** Masks broadcast to the scores; a shorter one would mean keys that nobody sees. */
function supportsMask(node: Node, mask: Value): Support {
  const shape = shapeOf(mask);
  const keys = headsOf(
    shapeOf(required(node.inputs[1], node)),
    Attention.attributes(node).kv_num_heads,
  ).length;
  const last = shape.at(-1);
  return shape.length <= 4 && (last === keys || last === 1)
    ? SUPPORTED
    : unsupported('its mask has another size than its scores');
}

/** Strides by which the scores `[batch, heads, queries, keys]` read a mask. */
function maskStrides(mask: Value): readonly number[] {
  const shape = [...new Array<number>(4).fill(1), ...shapeOf(mask)].slice(-4);
  const strides = stridesOf(shape);
  return shape.map((size, axis) => (size === 1 ? 0 : (strides[axis] ?? 0)));
}

function attendingOf(node: Node): Attending {
  const { q_num_heads, kv_num_heads } = Attention.attributes(node);
  const heads = (value: Value | undefined, count: number | undefined) =>
    headsOf(shapeOf(required(value, node)), count);
  const [q, k] = [heads(node.inputs[0], q_num_heads), heads(node.inputs[1], kv_num_heads)];
  const v = heads(node.inputs[2], kv_num_heads);
  return { q, k, v, out: heads(node.output, q_num_heads), group: q.heads / k.heads };
}

const attention = defineLowering(Attention, {
  supports,
  lower: ({ node, attributes }, program) => {
    const attending = attendingOf(node);
    const read = (index: number) => program.operand(required(node.inputs[index], node));
    const mask = node.inputs[3];
    emitAttend(program, attending, {
      ...{ queries: read(0), keys: read(1), values: read(2) },
      to: program.output(required(node.output, node)),
      scale: attributes.scale ?? 1 / Math.sqrt(attending.q.width),
      causal: attributes.is_causal !== 0,
      mask: mask && { operand: program.operand(mask), strides: maskStrides(mask) },
    });
  },
});

export const attentionLowerings: readonly Lowering[] = [attention];
