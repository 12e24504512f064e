import { DynamicQuantizeLSTM, type Graph, MatMulNBits, type Model, storedConstant } from '@octavo/core/ir';
import { type QuantizedType, type QuantRange, REDUCED_INT8 } from '@octavo/core/quant';
import { toNumbers } from '@octavo/core/tensor';
import { allNodes } from '../all-nodes.js';
import type { LayerRule } from '../layer-rule.js';
import { ACTIVATION_DTYPES, BLOCK_SIZES, bitsOf, WEIGHT_DTYPES } from '../precision.js';
import { RECIPE_DEFAULTS, type Recipe } from '../recipe.js';
import { quantizableLayers } from '../sensitivity/layer-statistics.js';
import { extremesOf } from './forms/layer-form.js';
import { type LayerPair, pairLayers } from './layer-pair.js';
import { nodesOf } from './precision-change.js';
import { hasIntegerOps, raiseIntegerOps } from './raise-integer-ops.js';

/**
 * The recipe of a quantized model, by whatever tool: the precision of each layer as the file has it, one rule for layers
 * that are alike. Ranges are no part of recipes: they are calibrated anew.
 * @param original Prepared; what the model was made from.
 */
export async function recipeOfModel(original: Graph, quantized: Model): Promise<Recipe> {
  const pairs = await pairLayers(original, await raiseIntegerOps(quantized));
  const groups = new Map<string, { rule: LayerRule; nodes: string[] }>();
  const add = (rule: LayerRule, nodes: readonly string[]): void => {
    const key = JSON.stringify(rule);
    const group = groups.get(key) ?? { rule, nodes: [] };
    group.nodes.push(...nodes);
    groups.set(key, group);
  };
  for (const pair of pairs) add(ruleOf(pair), nodesOf(pair));
  const paired = new Set(pairs.map(({ parts }) => parts.node));
  for (const { node } of quantizableLayers(original))
    if (!paired.has(node)) add({ keepFloat: true }, [node.output?.name ?? node.label]);
  return {
    ...RECIPE_DEFAULTS,
    ...endsOf(quantized.graph),
    ...methodOf(quantized, pairs),
    reduceRange: await hasReducedRange(quantized, pairs),
    leastSqnr: 0,
    layers: [...groups.values()].map(({ rule, nodes }) => ({ nodes, ...rule })),
  };
}

/** How the model was made, as far as its form says it. */
function methodOf(quantized: Model, pairs: readonly LayerPair[]): Partial<Recipe> {
  if (hasIntegerOps(quantized)) return { format: 'qoperator' };
  const inputs = pairs.flatMap(({ input }) => input ?? []);
  if (inputs.some(({ grid }) => !grid)) return { mode: 'dynamic' };
  if (inputs.length > 0) return {};
  const nodes = allNodes(quantized.graph);
  if (nodes.some((node) => DynamicQuantizeLSTM.is(node))) return { mode: 'dynamic' };
  return nodes.some((node) => MatMulNBits.is(node)) ? { mode: 'weight-only' } : {};
}

/** Whether no product of 8-bit activations or states by int8 weights can pass int16 in pairs. */
async function hasReducedRange(quantized: Model, pairs: readonly LayerPair[]): Promise<boolean> {
  const ranges = pairs.flatMap(({ input, quantizedWeights }) =>
    input && bitsOf(input.type.storage) === 8 && quantizedWeights?.type?.storage === 'int8'
      ? (quantizedWeights.integers ?? [])
      : [],
  );
  ranges.push(...(await rangesOfLstm(quantized)));
  return (
    ranges.length > 0 && ranges.every(({ min, max }) => min >= REDUCED_INT8.min && max <= REDUCED_INT8.max)
  );
}

/** Of the int8 weights of LSTM that quantize their input and states at run time, in the graphs of other nodes too. */
async function rangesOfLstm({ graph }: Model): Promise<QuantRange[]> {
  const ranges: QuantRange[] = [];
  for (const node of allNodes(graph).filter((each) => DynamicQuantizeLSTM.is(each))) {
    const { W, R } = DynamicQuantizeLSTM.inputs(node);
    for (const weights of [W, R]) {
      const constant = storedConstant(weights);
      if (constant?.dtype === 'int8') ranges.push(extremesOf(toNumbers(await constant.load())));
    }
  }
  return ranges;
}

/** Integer inputs and outputs, where callers give and take those. */
function endsOf({ inputs }: Graph): Partial<Recipe> {
  const io = ACTIVATION_DTYPES.find((dtype) => inputs.some((input) => input.dtype === dtype));
  return io ? { io, activations: io } : {};
}

function ruleOf({ quantizedWeights, input }: LayerPair): LayerRule {
  const weights = quantizedWeights?.type && weightsOf(quantizedWeights.type);
  if (!weights) return { keepFloat: true };
  const dtype = ACTIVATION_DTYPES.find((each) => each === input?.type.storage);
  return {
    weights,
    activations: dtype ? { dtype, symmetric: input?.type.symmetric ?? false } : 'float',
  };
}

function weightsOf({ storage, symmetric, granularity }: QuantizedType): LayerRule['weights'] | undefined {
  const dtype = WEIGHT_DTYPES.find((each) => each === storage);
  if (!dtype) return undefined;
  if (granularity.kind === 'per-tensor') return { dtype, symmetric, granularity: 'per-tensor' };
  if (granularity.kind === 'per-axis') return { dtype, symmetric, granularity: 'per-channel' };
  const blockSize = BLOCK_SIZES.find((size) => size === granularity.blockSize);
  return blockSize && { dtype, symmetric, granularity: 'per-block', blockSize };
}
