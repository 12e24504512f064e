import { unsupported } from '@octavo/backend';
import {
  Dropout,
  Dropout7,
  Flatten,
  Identity,
  type Node,
  Reshape,
  Squeeze,
  Squeeze1,
  Unsqueeze,
  Unsqueeze1,
} from '@octavo/core/ir';
import { defineLowering, type Lowering } from '../lowering.js';
import type { ProgramBuilder } from '../program-builder.js';
import { required } from '../static-value.js';
import { supportsMovement } from './movement.js';

const RESHAPE = {
  supports: (node: Node) => supportsMovement(node.inputs.slice(0, 1), node),
  lower: ({ node }: { readonly node: Node }, program: ProgramBuilder) =>
    program.alias(required(node.output, node), required(node.inputs[0], node)),
};

const IDENTITY = {
  supports: (node: Node) => {
    const [, mask] = node.outputs;
    const [, , training] = node.inputs;
    if (mask || training) return unsupported('it may drop elements');
    return supportsMovement(node.inputs.slice(0, 1), node);
  },
  lower: ({ node }: { readonly node: Node }, program: ProgramBuilder) => {
    const input = required(node.inputs[0], node);
    program.alias(required(node.output, node), input, program.layoutOf(input));
  },
};

/** Ops that only name the elements anew. */
export const reshapeLowerings: readonly Lowering[] = [
  defineLowering(Reshape, RESHAPE),
  defineLowering(Flatten, RESHAPE),
  defineLowering(Squeeze1, RESHAPE),
  defineLowering(Squeeze, RESHAPE),
  defineLowering(Unsqueeze1, RESHAPE),
  defineLowering(Unsqueeze, RESHAPE),
  defineLowering(Identity, IDENTITY),
  defineLowering(Dropout7, IDENTITY),
  defineLowering(Dropout, IDENTITY),
];
