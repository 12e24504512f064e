import { Add, type Node, type Value } from '@octavo/core/ir';
import { sameShape } from '@octavo/core/tensor';
import { type Activation, activationOf, activationWords } from './activation.js';
import { declineFloats } from './float-values.js';
import type { Layout } from './layout.js';
import type { Operand } from './operand.js';
import type { ProgramBuilder } from './program-builder.js';
import { required, shapeOf } from './static-value.js';

/** A float product before what follows it is taken over. */
export interface FloatProduct {
  readonly output: Value;
  /** The axis of the output that has one bias a position, where there is such an axis. */
  readonly biasAxis: number | undefined;
  readonly bias: Operand | undefined;
  readonly layout: Layout;
  /** What the product reads while it writes. */
  readonly reads: readonly Operand[];
}

/** The epilogue of a float product: its leading operands, its words, and where its result goes. */
export interface FloatEpilogue {
  readonly operands: readonly [bias: Operand | undefined, residual: Operand | undefined];
  readonly words: readonly number[];
  readonly to: Operand;
}

/** What a chain of readers of a product becomes, as far as it goes. */
interface Chain {
  output: Value;
  bias: Operand | undefined;
  residual: Value | undefined;
  activation: Activation | undefined;
}

/** Takes over the bias, residual and activation that follow a product where nobody else reads what is between. */
export function fuseFloatEpilogue(program: ProgramBuilder, product: FloatProduct): FloatEpilogue {
  const chain: Chain = {
    output: product.output,
    bias: product.bias,
    residual: undefined,
    activation: undefined,
  };
  while (chain.activation === undefined && takeOver(program, product, chain));
  const { layout, reads } = product;
  const residual = chain.residual && program.operand(chain.residual, layout);
  const over = residual && reads.every(({ block }) => block !== residual.block) ? residual : undefined;
  return {
    operands: [chain.bias, residual],
    words: activationWords(chain.activation),
    to: program.output(chain.output, over ? { layout, over } : { layout }),
  };
}

/** Extends the chain by the only reader of its output; false where it ends. */
function takeOver(program: ProgramBuilder, product: FloatProduct, chain: Chain): boolean {
  const reader = program.soleReader(chain.output);
  const after = reader?.output;
  if (!reader || !after || declineFloats([...reader.inputs, after]) !== undefined) return false;
  if (!sameShape(shapeOf(after), shapeOf(chain.output))) return false;
  if (reader.op === Add) {
    const other = otherInput(reader, chain.output);
    const reason = other ? addTerm(program, product, chain, other) : 'it adds the product to itself';
    if (reason !== undefined) {
      program.note(`${reader.label} is not fused: ${reason}`);
      return false;
    }
  } else {
    chain.activation = activationOf(reader, (value) => program.elements(value));
    if (!chain.activation) return false;
  }
  program.absorb(reader, reader.op === Add ? 'term' : 'activation');
  chain.output = after;
  return true;
}

/** Makes the other operand of an Add the bias or the residual; the reason where it can be neither. */
function addTerm(
  program: ProgramBuilder,
  { output, biasAxis }: FloatProduct,
  chain: Chain,
  other: Value,
): string | undefined {
  if (!chain.bias && biasAxis !== undefined && other.constant && isAlong(other, output, biasAxis)) {
    chain.bias = program.operand(other);
    return undefined;
  }
  if (chain.residual) return 'the product has a residual already';
  if (!sameShape(shapeOf(other), shapeOf(output))) return 'its other operand is broadcast';
  if (!program.isReady(other)) return 'its other operand is computed later';
  chain.residual = other;
  return undefined;
}

/** Whether a constant has one element for each position of an axis of `like`, and no other axis. */
function isAlong(value: Value, like: Value, axis: number): boolean {
  const [shape, full] = [shapeOf(value), shapeOf(like)];
  const missing = full.length - shape.length;
  return full.every((size, i) => {
    const own = i < missing ? 1 : (shape[i - missing] ?? 1);
    return i === axis ? own === size : own === 1;
  });
}

function otherInput(node: Node, value: Value): Value | undefined {
  const [a, b] = node.inputs;
  const other = a === value ? b : a;
  return other === value ? undefined : required(other, node);
}
