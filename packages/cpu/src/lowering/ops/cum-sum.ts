import { supportUnless } from '@octavo/backend';
import { CumSum, type Node } from '@octavo/core/ir';
import { type DType, elementCount, normalizeAxis } from '@octavo/core/tensor';
import { requiredElementType } from '../element-type.js';
import { defineLowering, type Lowering } from '../lowering.js';
import { dtypeOf, hasAxis, numbersOf, required, shapeOf } from '../static-value.js';

const SUMMED: ReadonlySet<DType> = new Set<DType>(['int32', 'int64', 'float32']);

function declineSums(node: Node): string | undefined {
  const [input, axis] = [required(node.inputs[0], node), required(node.inputs[1], node)];
  if (axis.constant?.size !== 1) return 'its axis is not constant';
  const [along] = axis.constant.peekNumbers() ?? [];
  if (along !== undefined && !hasAxis(along, shapeOf(input).length)) return `it has no axis ${along}`;
  if (input.quantized) return 'no kernel for quantized values';
  return SUMMED.has(dtypeOf(input)) ? undefined : `no kernel for ${dtypeOf(input)}`;
}

/** Running sums along one axis, of floats in double precision. */
export const cumSumLowerings: readonly Lowering[] = [
  defineLowering(CumSum, {
    supports: (node) => supportUnless(declineSums(node)),
    lower: ({ node, attributes, constants: [, axes] }, program) => {
      const [input, output] = [required(node.inputs[0], node), required(node.output, node)];
      const shape = shapeOf(input);
      const axis = normalizeAxis(numbersOf(axes)[0] ?? 0, shape.length);
      program.emit({
        name: 'cum_sum',
        operands: [program.operand(input), program.output(output)],
        words: [
          requiredElementType(input),
          elementCount(shape.slice(0, axis)),
          shape[axis] ?? 1,
          elementCount(shape.slice(axis + 1)),
          attributes.exclusive === 0 ? 0 : 1,
          attributes.reverse === 0 ? 0 : 1,
        ],
      });
    },
  }),
];
