import { Clip, Clip6, HardSigmoid, HardSwish, LeakyRelu, type Node, Relu } from '@octavo/core/ir';
import { type Tensor, toNumbers } from '@octavo/core/tensor';
import { floatWord } from './operand.js';

/** The elements of a constant. */
export type ConstantReader = (value: NonNullable<Node['inputs'][number]>) => Tensor | undefined;

/** A function that ends a float product: `octavo_activation` in `native/include/octavo/float_epilogue.h`. */
export interface Activation {
  readonly code: number;
  readonly alpha: number;
  readonly beta: number;
}

const IDENTITY: Activation = { code: 0, alpha: 0, beta: 0 };

/** Activation, alpha and beta as ops of float products take them. */
export function activationWords({ code, alpha, beta }: Activation = IDENTITY): readonly number[] {
  return [code, floatWord(alpha), floatWord(beta)];
}

/** The limits of a Clip, or undefined where they are not constant. */
export function clipLimits(
  node: Node,
  constant: ConstantReader,
): { readonly low: number; readonly high: number } | undefined {
  const [, min, max] = node.inputs;
  const limit = (value: Node['inputs'][number], missing: number): number | undefined => {
    if (!value) return missing;
    const tensor = value.constant && constant(value);
    return tensor && toNumbers(tensor)[0];
  };
  const low = limit(min, Number.NEGATIVE_INFINITY);
  const high = limit(max, Number.POSITIVE_INFINITY);
  return low === undefined || high === undefined ? undefined : { low, high };
}

/** What a product can compute of a node that reads it; undefined for all other nodes. */
export function activationOf(node: Node, constant: ConstantReader): Activation | undefined {
  switch (node.op) {
    case Relu:
      return { code: 1, alpha: 0, beta: Number.POSITIVE_INFINITY };
    case Clip6: {
      const { min, max } = Clip6.attributes(node);
      return { code: 1, alpha: min, beta: max };
    }
    case Clip: {
      const limits = clipLimits(node, constant);
      return limits && { code: 1, alpha: limits.low, beta: limits.high };
    }
    case LeakyRelu:
      return { code: 2, alpha: LeakyRelu.attributes(node).alpha, beta: 0 };
    case HardSigmoid: {
      const { alpha, beta } = HardSigmoid.attributes(node);
      return { code: 3, alpha, beta };
    }
    case HardSwish:
      return { code: 4, alpha: 1 / 6, beta: 0.5 };
    default:
      return undefined;
  }
}
