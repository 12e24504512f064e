import { type Kernel, SUPPORTED } from '@octavo/backend';
import { Abs, Neg, type Op, Sign, UNARY_FUNCTIONS, type UnaryFunction } from '@octavo/core/ir';
import { mapElements } from '../arithmetic.js';
import { operand } from '../operand.js';

/** What those ops that take 64-bit integers too compute of them. */
const BIG: ReadonlyMap<Op, (x: bigint) => bigint> = new Map<Op, (x: bigint) => bigint>([
  [Abs, (x) => (x < 0n ? -x : x)],
  [Neg, (x) => -x],
  [Sign, (x) => (x > 0n ? 1n : x < 0n ? -1n : 0n)],
]);

function unaryKernel({ op, of }: UnaryFunction): Kernel {
  const big = BIG.get(op);
  return {
    op,
    supports: () => SUPPORTED,
    prepare: async ({ node }) => {
      const f = { real: of(node), ...(big ? { big } : {}) };
      return { run: (inputs) => [mapElements(operand(inputs, 0), f)] };
    },
  };
}

/** A kernel for every op that computes one function of each element. */
export const unaryKernels: readonly Kernel[] = UNARY_FUNCTIONS.map(unaryKernel);
