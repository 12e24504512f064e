import { type Graph, MatMulNBits, type Model } from '@octavo/core/ir';
import { type QuantizedType, REDUCED_INT8 } from '@octavo/core/quant';
import type { LayerRule } from '../layer-rule.js';
import { ACTIVATION_DTYPES, BLOCK_SIZES, WEIGHT_DTYPES } from '../precision.js';
import { RECIPE_DEFAULTS, type Recipe } from '../recipe.js';
import { quantizableLayers } from '../sensitivity/layer-statistics.js';
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
    reduceRange: hasReducedRange(pairs),
    leastSqnr: 0,
    layers: [...groups.values()].map(({ rule, nodes }) => ({ nodes, ...rule })),
  };
}

/** How the model was made, as far as its form says it. */
function methodOf(quantized: Model, pairs: readonly LayerPair[]): Partial<Recipe> {
  if (hasIntegerOps(quantized)) return { format: 'qoperator' };
  if (pairs.some(({ input }) => input && !input.grid)) return { mode: 'dynamic' };
  return quantized.graph.nodes.some((node) => MatMulNBits.is(node)) ? { mode: 'weight-only' } : {};
}

/** Whether no product of 8-bit activations by int8 weights can pass int16 in pairs. */
function hasReducedRange(pairs: readonly LayerPair[]): boolean {
  const ranges = pairs.flatMap(({ input, quantizedWeights }) =>
    input?.type.storage.endsWith('int8') && quantizedWeights?.type?.storage === 'int8'
      ? (quantizedWeights.integers ?? [])
      : [],
  );
  return (
    ranges.length > 0 && ranges.every(({ min, max }) => min >= REDUCED_INT8.min && max <= REDUCED_INT8.max)
  );
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
