import { SUPPORTED, type Support, unsupported } from '@octavo/backend';
import { Attention, type Node, type Value } from '@octavo/core/ir';
import { type Shape, stridesOf } from '@octavo/core/tensor';
import { activationWords } from '../activation.js';
import { declineFloats } from '../float-values.js';
import { defineLowering, type Lowering } from '../lowering.js';
import { floatWord } from '../operand.js';
import { required, shapeOf } from '../static-value.js';
import { batchProductWords } from './float-batch-matmul.js';

/** The heads of a value `[batch, heads, length, width]` or `[batch, length, heads * width]`; strides in elements. */
interface Heads {
  readonly batch: number;
  readonly heads: number;
  readonly length: number;
  readonly width: number;
  readonly batchStride: number;
  readonly headStride: number;
  readonly rowStride: number;
}

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
function maskStrides(mask: Value | undefined): readonly number[] {
  if (!mask) return [0, 0, 0, 0];
  const shape = [...new Array<number>(4).fill(1), ...shapeOf(mask)].slice(-4);
  const strides = stridesOf(shape);
  return shape.map((size, axis) => (size === 1 ? 0 : (strides[axis] ?? 0)));
}

/** The operands of attention by head; groups of `group` query heads share a key head. */
interface Attending {
  readonly q: Heads;
  readonly k: Heads;
  readonly v: Heads;
  readonly out: Heads;
  readonly group: number;
}

/** The words of the product that gives the scores `[batch, heads, queries, keys]`. */
function scoreWords({ q, k, group }: Attending): readonly number[] {
  const plane = q.length * k.length;
  const product = batchProductWords({
    ...{ m: q.length, k: q.width, n: k.length, outRow: k.length },
    a: { row: q.rowStride, column: 1 },
    b: { row: 1, column: k.rowStride },
    batch: [
      { size: q.batch, a: q.batchStride, b: k.batchStride, out: q.heads * plane },
      { size: k.heads, a: group * q.headStride, b: k.headStride, out: group * plane },
      { size: group, a: q.headStride, b: 0, out: plane },
    ],
  });
  return [...activationWords(), ...product];
}

/** The words of the product of weights and values. */
function valueWords({ q, k, v, out, group }: Attending): readonly number[] {
  const plane = q.length * k.length;
  const product = batchProductWords({
    ...{ m: q.length, k: k.length, n: v.width, outRow: out.rowStride },
    a: { row: k.length, column: 1 },
    b: { row: v.rowStride, column: 1 },
    batch: [
      { size: q.batch, a: q.heads * plane, b: v.batchStride, out: out.batchStride },
      { size: k.heads, a: group * plane, b: v.headStride, out: group * out.headStride },
      { size: group, a: plane, b: 0, out: out.headStride },
    ],
  });
  return [...activationWords(), ...product];
}

function attendingOf(node: Node): Attending {
  const { q_num_heads, kv_num_heads } = Attention.attributes(node);
  const heads = (value: Value | undefined, count: number | undefined) =>
    headsOf(shapeOf(required(value, node)), count);
  const [q, k] = [heads(node.inputs[0], q_num_heads), heads(node.inputs[1], kv_num_heads)];
  const v = heads(node.inputs[2], kv_num_heads);
  return { q, k, v, out: heads(node.output, q_num_heads), group: q.heads / k.heads };
}

/** Scores, their softmax in place, and the weighted values: three ops. */
const attention = defineLowering(Attention, {
  supports,
  lower: ({ node, attributes }, program) => {
    const name = 'float_batch_matmul';
    const attending = attendingOf(node);
    const { q, k } = attending;
    const mask = node.inputs[3];
    const [queries, keys, values] = node.inputs
      .slice(0, 3)
      .map((value) => program.operand(required(value, node)));
    const elements = q.batch * q.heads * q.length * k.length;
    const scores = program.scratch(elements * Float32Array.BYTES_PER_ELEMENT);
    program.emit({
      name,
      operands: [undefined, undefined, queries, keys, scores],
      words: scoreWords(attending),
    });
    program.emit({
      name: 'attention_softmax',
      operands: [scores, mask && program.operand(mask), scores],
      words: [
        ...[q.batch, q.heads, q.length, k.length],
        floatWord(attributes.scale ?? 1 / Math.sqrt(q.width)),
        ...[attributes.is_causal ? 1 : 0, 0],
        ...maskStrides(mask),
      ],
    });
    const to = program.output(required(node.output, node));
    program.emit(
      { name, operands: [undefined, undefined, scores, values, to], words: valueWords(attending) },
      `attention ${program.binding.isa().floatKernel}`,
    );
  },
});

export const attentionLowerings: readonly Lowering[] = [attention];
