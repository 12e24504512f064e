import { defineKernel, SUPPORTED, unsupported } from '@octavo/backend';
import { GatherBlockQuantized } from '@octavo/core/ir';
import { normalizeAxis, type Shape, type Tensor, toNumbers } from '@octavo/core/tensor';
import { unpackBits } from '../block-weights.js';
import { floatTensor } from '../floats.js';
import { pickIndices, upTo } from '../indices.js';
import { integers } from '../integer-operands.js';
import { operand } from '../operand.js';
import { indexIn } from '../scatter.js';

/** Integers and the shape that they have when none are packed. */
interface Unpacked {
  readonly values: ArrayLike<number>;
  readonly shape: Shape;
}

/** uint8 data holds `8 / bits` integers a byte along the last axis; other dtypes hold one an element. */
function unpacked(tensor: Tensor, bits: number): Unpacked {
  if (!tensor.is('uint8')) return { values: toNumbers(tensor), shape: tensor.shape };
  const last = (tensor.shape.at(-1) ?? 1) * (8 / bits);
  return { values: unpackBits(tensor.data, bits), shape: [...tensor.shape.slice(0, -1), last] };
}

/** Every coordinate of `shape`, but along `axis` those in `chosen`. */
function coordinates(shape: Shape, axis: number, chosen: readonly number[]): readonly ArrayLike<number>[] {
  return shape.map((size, index) => (index === axis ? chosen : upTo(size)));
}

/** `(q - zero point) * scale` of the chosen rows. */
export const gatherBlockQuantized = defineKernel(GatherBlockQuantized, {
  supports: (node) => {
    const attributes = GatherBlockQuantized.attributes(node);
    const { bits, block_size: blockSize, gather_axis: gather, quantize_axis: quantize } = attributes;
    if (bits !== 2 && bits !== 4 && bits !== 8) return unsupported(`GatherBlockQuantized with ${bits} bits`);
    if (blockSize < 1) return unsupported(`blocks of ${blockSize} elements`);
    return gather === quantize ? unsupported('gathering along the quantized axis') : SUPPORTED;
  },
  prepare: ({ attributes, constants }) => {
    const { bits, block_size: blockSize } = attributes;
    const fixed = constants[0] && unpacked(constants[0], bits);
    return (inputs) => {
      const data = operand(inputs, 0);
      const { values, shape } = fixed ?? unpacked(data, bits);
      const scales = operand(inputs, 2);
      const zeroPoints = inputs[3] && unpacked(inputs[3], bits);
      const axis = normalizeAxis(attributes.gather_axis, shape.length);
      const blockAxis = normalizeAxis(attributes.quantize_axis, shape.length);
      const rows = shape[axis] ?? 1;
      const chosen = integers(operand(inputs, 1)).map((index) => indexIn(index, rows));
      const lists = coordinates(shape, axis, chosen);
      const blocks = lists.map((list, index) =>
        index === blockAxis ? Int32Array.from(list, (at) => Math.floor(at / blockSize)) : list,
      );
      const [from, groups] = [pickIndices(shape, lists), pickIndices(scales.shape, blocks)];
      const zeroGroups = zeroPoints && pickIndices(zeroPoints.shape, blocks);
      const factors = toNumbers(scales);
      const middle = data.dtype === 'uint8' ? 2 ** (bits - 1) : 0;
      const out = Float32Array.from(from, (at, i) => {
        const zeroPoint = zeroPoints ? (zeroPoints.values[zeroGroups?.[i] ?? 0] ?? 0) : middle;
        return ((values[at] ?? 0) - zeroPoint) * (factors[groups[i] ?? 0] ?? 1);
      });
      const indices = operand(inputs, 1).shape;
      return [
        floatTensor(scales.dtype, [...shape.slice(0, axis), ...indices, ...shape.slice(axis + 1)], out),
      ];
    };
  },
});
