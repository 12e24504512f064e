import { supportUnless } from '@octavo/backend';
import { type Node, Pow, storedConstant } from '@octavo/core/ir';
import { sameShape, toNumbers } from '@octavo/core/tensor';
import { declineAxes } from '../broadcast.js';
import { declineFloats } from '../float-values.js';
import { defineLowering, type Lowering } from '../lowering.js';
import { required, shapeOf } from '../static-value.js';
import { emitBinary } from './binary.js';

function declineSquare(node: Node): string | undefined {
  const { A: x, B: exponent } = Pow.inputs(node);
  const power = storedConstant(exponent)?.peek();
  if (power?.size !== 1 || toNumbers(power)[0] !== 2) return 'no kernel for powers but squares';
  if (!sameShape(shapeOf(x), shapeOf(required(node.output, node)))) return 'its exponent has more axes';
  return declineFloats([x, node.output]) ?? declineAxes(shapeOf(x));
}

/** Squares: the product of a value with itself. */
export const powerLowerings: readonly Lowering[] = [
  defineLowering(Pow, {
    supports: (node) => supportUnless(declineSquare(node)),
    lower: ({ node }, program) => {
      const { A: x } = Pow.inputs(node);
      const layout = program.layoutOf(x);
      const operand = program.operand(x, layout);
      const side = { operand, sizes: [operand.bytes / Float32Array.BYTES_PER_ELEMENT] };
      const to = program.output(required(node.output, node), { layout, over: operand });
      emitBinary(program, 'mul', [side, side], to);
    },
  }),
];
