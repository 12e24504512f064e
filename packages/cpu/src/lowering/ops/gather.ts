import { SUPPORTED, unsupported } from '@octavo/backend';
import { Gather } from '@octavo/core/ir';
import { elementCount, normalizeAxis, toNumbers } from '@octavo/core/tensor';
import { layoutStrides } from '../layout.js';
import { defineLowering, type Lowering } from '../lowering.js';
import { dtypeOf, elementBytes, required, shapeOf } from '../static-value.js';
import { pick, supportsMovement } from './movement.js';

/** Bytes that the sizes of the native op count. */
const MOST_BYTES = 2 ** 31 - 1;

/** A single constant index picks a slice; others are read when the program runs, and checked there. */
const gather = defineLowering(Gather, {
  supports: (node) => {
    const [data, indices] = [required(node.inputs[0], node), required(node.inputs[1], node)];
    const dtype = dtypeOf(indices);
    if (dtype !== 'int32' && dtype !== 'int64') return unsupported(`no kernel for ${dtype} indices`);
    if (data.constant?.dtype !== undefined && elementBytes(data) < 1)
      return unsupported(`no kernel for ${dtypeOf(data)}`);
    const shape = shapeOf(data);
    const axis = normalizeAxis(Gather.attributes(node).axis, shape.length);
    if (elementCount(shape.slice(axis + 1)) * elementBytes(data) > MOST_BYTES)
      return unsupported('its slices are too large');
    return supportsMovement([data], node).supported ? SUPPORTED : supportsMovement([data], node);
  },
  lower: ({ node, attributes, constants: [, indexTensor] }, program) => {
    const [data, indices] = [required(node.inputs[0], node), required(node.inputs[1], node)];
    const output = required(node.output, node);
    const shape = shapeOf(data);
    const axis = normalizeAxis(attributes.axis, shape.length);
    const size = shape[axis] ?? 1;
    const index = indexTensor?.size === 1 ? toNumbers(indexTensor)[0] : undefined;
    if (index !== undefined && index >= -size && index < size) {
      const layout = program.layoutOf(data);
      const strides = layoutStrides(shape, layout);
      const first = (index < 0 ? index + size : index) * (strides[axis] ?? 0);
      const rest = [...strides.slice(0, axis), ...shapeOf(indices).map(() => 0), ...strides.slice(axis + 1)];
      return pick(program, output, { input: data, layout, first, strides: rest });
    }
    const bytes = elementBytes(data);
    program.emit({
      name: 'gather',
      operands: [program.operand(data), program.operand(indices), program.output(output)],
      words: [
        elementBytes(indices),
        elementCount(shape.slice(0, axis)),
        size,
        elementCount(shape.slice(axis + 1)) * bytes,
        elementCount(shapeOf(indices)),
        bytes,
      ],
    });
  },
});

export const gatherLowerings: readonly Lowering[] = [gather];
