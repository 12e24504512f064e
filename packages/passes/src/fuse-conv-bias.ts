import {
  Add,
  Conv,
  ConvTranspose,
  defineRule,
  match,
  type Node,
  type Pass,
  rulePass,
  storedConstant,
  supersede,
} from '@octavo/core/ir';
import { isPerChannel, perChannel } from './channel-bias.js';
import { constantProblem, numbersOf, setConstant, sharedResultProblem } from './fold-batch-norm/affine.js';
import { onlyWith } from './only-with.js';

const rule = defineRule({
  name: 'fuse-conv-bias',
  pattern: match.op(Add, match.op([Conv, ConvTranspose]).as('conv'), match.constant('addend')).commutative(),
  declines({ conv, addend }, graph) {
    const rank = conv.output?.shape?.length ?? conv.inputs[1]?.shape?.length;
    const shape = storedConstant(addend)?.shape ?? [];
    const channels = channelsOf(conv);
    if (rank === undefined || channels === undefined) return 'its channels are not known';
    if (!isPerChannel(shape, rank, 1, channels)) return `${addend.name} is not one number a channel`;
    const bias = conv.inputs[2];
    return (bias && constantProblem(bias, 'bias')) ?? sharedResultProblem(graph, conv);
  },
  async rewrite({ conv, addend }, graph, add) {
    const channels = channelsOf(conv) ?? 0;
    const bias = perChannel(conv.inputs[2] && (await numbersOf(conv.inputs[2])), channels);
    const more = perChannel(await numbersOf(addend), channels);
    const sum = bias.map((b, c) => b + (more[c] ?? 0));
    setConstant(graph, conv, 2, sum, addend);
    if (add.output && conv.output) supersede(graph, add.output, conv.output);
  },
});

function channelsOf(conv: Node): number | undefined {
  const channels = conv.output?.shape?.[1];
  if (typeof channels === 'number') return channels;
  const weights = conv.inputs[1]?.shape;
  const [size, factor] = Conv.is(conv)
    ? [weights?.[0], 1]
    : [weights?.[1], ConvTranspose.attributes(conv).group];
  return typeof size === 'number' ? size * factor : undefined;
}

/** Turns the constant added behind a convolution (one number a channel) into its bias, rounded once. */
export const fuseConvBias: Pass = onlyWith([Conv, ConvTranspose], rulePass('fuse-conv-bias', [rule]));
