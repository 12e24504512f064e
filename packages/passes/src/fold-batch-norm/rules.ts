import {
  Add,
  BatchNormalization,
  Conv,
  ConvTranspose,
  defineRule,
  Gemm,
  type Graph,
  MatMul,
  match,
  type Node,
  type Rule,
  storedConstant,
  supersede,
  type Value,
} from '@octavo/core/ir';
import { toNumbers } from '@octavo/core/tensor';
import { isPerChannel, perChannel } from '../channel-bias.js';
import {
  type Affine,
  affineOf,
  constantProblem,
  normProblem,
  numbersOf,
  setConstant,
  sharedResultProblem,
} from './affine.js';
import { type ChannelsOf, firstAxis, lastAxis, scaleChannels, transposedChannels } from './channels.js';

/** What a rule must know about the op in front: how its weights lie. */
interface Weights {
  readonly channels: number | undefined;
  readonly channelsOf: ChannelsOf;
  /** Factor of the bias operand (Gemm). */
  readonly beta: number;
}

type Describe = (node: Node) => Weights;

const conv: Describe = (node) => ({ channels: dimOf(node.inputs[1], 0), channelsOf: firstAxis, beta: 1 });

const convTranspose: Describe = (node) => {
  const { group } = ConvTranspose.attributes(node);
  const perGroup = dimOf(node.inputs[1], 1);
  return {
    channels: perGroup === undefined ? undefined : perGroup * group,
    channelsOf: transposedChannels(group),
    beta: 1,
  };
};

const gemm: Describe = (node) => {
  const { transB, beta } = Gemm.attributes(node);
  return {
    channels: dimOf(node.inputs[1], transB ? 0 : 1),
    channelsOf: transB ? firstAxis : lastAxis,
    beta,
  };
};

const matMul: Describe = (node) => ({ channels: dimOf(node.inputs[1], 1), channelsOf: lastAxis, beta: 1 });

function dimOf(value: Value | undefined, axis: number): number | undefined {
  return storedConstant(value)?.shape[axis];
}

async function scaleWeights(graph: Graph, node: Node, affine: Affine, channelsOf: ChannelsOf): Promise<void> {
  const weights = node.inputs[1];
  const stored = storedConstant(weights);
  if (!weights || !stored) return;
  const { size, shape, dtype } = stored;
  const scaled = dtype === 'float32' ? new Float32Array(size) : new Float64Array(size);
  scaleChannels(toNumbers(await stored.load()), affine.factor, channelsOf(shape), scaled);
  setConstant(graph, node, 1, scaled, weights);
}

/** `factor * beta * old + offset`, one number a channel. */
async function shiftedBias(old: Value | undefined, affine: Affine, beta = 1): Promise<Float64Array> {
  const bias = perChannel(old && (await numbersOf(old)), affine.factor.length);
  for (let c = 0; c < bias.length; c++) {
    bias[c] = (affine.factor[c] ?? 1) * beta * (bias[c] ?? 0) + (affine.offset[c] ?? 0);
  }
  return bias;
}

/** BatchNormalization behind an op with weights (input 1) and an optional bias (input 2). */
function foldInto(
  name: string,
  op: typeof Conv | typeof ConvTranspose | typeof Gemm,
  describe: Describe,
): Rule {
  return defineRule({
    name,
    pattern: match.op(BatchNormalization, match.op(op).as('before')),
    declines({ before }, graph, norm) {
      const { channels } = describe(before);
      const bias = before.inputs[2];
      const shape = storedConstant(bias)?.shape ?? [];
      return (
        constantProblem(before.inputs[1], 'weights') ??
        (bias && constantProblem(bias, 'bias')) ??
        (isPerChannel(shape, 2, 1, channels) ? undefined : 'its bias has more than one row') ??
        normProblem(graph, norm, channels) ??
        sharedResultProblem(graph, before)
      );
    },
    async rewrite({ before }, graph, norm) {
      const affine = await affineOf(norm);
      const { channelsOf, beta } = describe(before);
      const [, weights, bias] = before.inputs;
      if (weights) setConstant(graph, before, 2, await shiftedBias(bias, affine, beta), weights);
      before.setAttribute('beta', undefined);
      await scaleWeights(graph, before, affine, channelsOf);
      if (norm.output && before.output) supersede(graph, norm.output, before.output);
    },
  });
}

/** `x W + b` as MatMul and Add of a constant. */
const intoMatMulAdd = defineRule({
  name: 'fold-into-matmul-add',
  pattern: match.op(
    BatchNormalization,
    match.op(Add, match.op(MatMul).as('product'), match.constant('bias')).commutative().as('sum'),
  ),
  declines({ product, sum, bias }, graph, norm) {
    const { channels } = matMul(product);
    return (
      matrixProblem(product) ??
      constantProblem(bias, 'bias') ??
      (isPerChannel(storedConstant(bias)?.shape ?? [], 2, 1, channels)
        ? undefined
        : 'its bias has more than one row') ??
      normProblem(graph, norm, channels) ??
      sharedResultProblem(graph, product) ??
      sharedResultProblem(graph, sum)
    );
  },
  async rewrite({ product, sum, bias }, graph, norm) {
    const affine = await affineOf(norm);
    setConstant(graph, sum, sum.inputs.indexOf(bias), await shiftedBias(bias, affine), bias);
    await scaleWeights(graph, product, affine, lastAxis);
    if (norm.output && sum.output) supersede(graph, norm.output, sum.output);
  },
});

/** `x W` alone: the offset becomes an Add. */
const intoMatMul = defineRule({
  name: 'fold-into-matmul',
  pattern: match.op(BatchNormalization, match.op(MatMul).as('product')),
  declines: ({ product }, graph, norm) =>
    matrixProblem(product) ??
    normProblem(graph, norm, matMul(product).channels) ??
    sharedResultProblem(graph, product),
  async rewrite({ product }, graph, norm) {
    const affine = await affineOf(norm);
    const [, weights] = product.inputs;
    if (!weights || !product.output || !norm.output) return;
    const sum = graph.emit(Add, { A: product.output, B: weights }, {}, { name: norm.name });
    setConstant(graph, sum, 1, affine.offset, weights);
    await scaleWeights(graph, product, affine, lastAxis);
    if (sum.output) supersede(graph, norm.output, sum.output);
  },
});

/** Channels are axis 1 of the normalized tensor, so they are the columns of a product only where that has rank 2. */
function matrixProblem(product: Node): string | undefined {
  const weights = product.inputs[1];
  if (product.output?.shape?.length !== 2 || storedConstant(weights)?.shape.length !== 2) {
    return 'its product is no matrix, so the channels are not its columns';
  }
  return constantProblem(weights, 'weights');
}

export const batchNormRules: readonly Rule[] = [
  foldInto('fold-into-conv', Conv, conv),
  foldInto('fold-into-conv-transpose', ConvTranspose, convTranspose),
  foldInto('fold-into-gemm', Gemm, gemm),
  intoMatMulAdd,
  intoMatMul,
];
