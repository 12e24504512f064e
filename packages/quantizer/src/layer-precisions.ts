import type { Graph, Node, Value } from '@octavo/core/ir';
import type { LayerRule } from './layer-rule.js';
import {
  type ActivationPrecision,
  bitsOf,
  hasIntegerSums,
  type LayerPrecision,
  type WeightPrecision,
} from './precision.js';
import { QuantizerError } from './quantizer-error.js';
import type { Recipe } from './recipe.js';
import { excludedBecause, NodeSelector } from './selection.js';
import { nodesBetween } from './subgraph.js';

/** A rule with its conditions made ready for one graph. */
interface Compiled {
  readonly rule: LayerRule;
  matches(node: Node): boolean;
}

/**
 * The precision of every node of a graph under a recipe: its defaults, changed by the rules that match, later ones last.
 * @throws QuantizerError `RECIPE_LAYERS` when `from` or `to` name no value of the graph.
 */
export class LayerPrecisions {
  private readonly recipe: Recipe;
  private readonly selector: NodeSelector;
  private readonly rules: readonly Compiled[];

  constructor(graph: Graph, recipe: Recipe) {
    this.recipe = recipe;
    this.selector = new NodeSelector(graph);
    this.rules = recipe.layers.map((rule) => compile(graph, rule, this.selector));
  }

  /** Why include, exclude or a rule keeps a node float; undefined when they do not. */
  floatBecause(node: Node): string | undefined {
    const excluded = excludedBecause(this.selector, node, this.recipe);
    if (excluded) return excluded;
    if (this.last(node, ({ keepFloat }) => keepFloat)) return 'kept in float by a layer rule';
    return this.of(node).weights === 'float' ? 'float weights by a layer rule' : undefined;
  }

  /** Whether exclude or a rule keeps a node without weights float: include lists are about weights. */
  excludes(node: Node): boolean {
    return this.excludedBecause(node) !== undefined;
  }

  /** Why exclude or a rule keeps a node without weights float; undefined when they do not. */
  excludedBecause(node: Node): string | undefined {
    const { exclude } = this.recipe;
    const excluded = excludedBecause(this.selector, node, { include: [], exclude });
    if (excluded) return excluded;
    return this.last(node, ({ keepFloat }) => keepFloat) ? 'kept in float by a layer rule' : undefined;
  }

  of(node: Node): LayerPrecision {
    let { weights, activations } = defaultPrecision(this.recipe);
    let observer = this.recipe.observer;
    for (const { rule } of this.matching(node)) {
      if (rule.weights !== undefined) weights = changeWeights(weights, rule.weights, this.recipe);
      if (rule.activations !== undefined)
        activations = changeActivations(activations, rule.activations, this.recipe);
      observer = rule.observer ?? observer;
    }
    if (activations === 'float') return { weights, activations };
    return {
      weights: this.recipe.reduceRange ? reduceRange(weights, activations) : weights,
      activations: { ...activations, observer },
    };
  }

  /** Whether what a node reads is quantized at run time, where its op can. */
  isDynamic(node: Node): boolean {
    return this.recipe.mode === 'dynamic' && this.of(node).activations !== 'float';
  }

  /** Whether int8 weights are to saturate no product, wherever they are multiplied in integers. */
  get reducesRange(): boolean {
    return this.recipe.reduceRange;
  }

  /** Whether a rule says how what a node reads is quantized. */
  choosesActivations(node: Node): boolean {
    return this.last(node, ({ activations, observer }) => activations ?? observer) !== undefined;
  }

  /** The weights of a node where a rule names their dtype; undefined where none does. */
  chosenWeights(node: Node): WeightPrecision | undefined {
    const { weights } = this.of(node);
    const dtype = this.last(node, (rule) => (rule.weights === 'float' ? undefined : rule.weights?.dtype));
    return dtype !== undefined && weights !== 'float' ? weights : undefined;
  }

  /** Weights as the rules of a node change them; what rules keep in float is not asked about. */
  changedWeights(node: Node, weights: WeightPrecision): WeightPrecision {
    return this.matching(node).reduce(
      (before, { rule: { weights: change = {} } }) =>
        change === 'float' ? before : changeIntegers(before, change),
      weights,
    );
  }

  private matching(node: Node): readonly Compiled[] {
    return this.rules.filter((each) => each.matches(node));
  }

  private last<T>(node: Node, field: (rule: LayerRule) => T | undefined): T | undefined {
    return this.matching(node)
      .map(({ rule }) => field(rule))
      .findLast((value) => value !== undefined);
  }
}

/** What a recipe says about nodes that no rule names. */
export function defaultPrecision(recipe: Recipe): LayerPrecision {
  return {
    weights: defaultWeights(recipe),
    activations: recipe.mode === 'weight-only' ? 'float' : defaultActivations(recipe),
  };
}

function defaultWeights(recipe: Recipe): WeightPrecision {
  const { mode, weights: dtype, perChannel, blockSize, symmetricWeights } = recipe;
  return {
    dtype,
    symmetric: symmetricWeights ?? (!dtype.startsWith('u') && !(mode === 'weight-only' && bitsOf(dtype) < 8)),
    granularity: mode === 'weight-only' ? 'per-block' : perChannel ? 'per-channel' : 'per-tensor',
    blockSize,
  };
}

/** Other weights than int8 saturate no product, nor do sums in float. */
function reduceRange(
  weights: LayerPrecision['weights'],
  activations: ActivationPrecision,
): LayerPrecision['weights'] {
  const isReduced = weights !== 'float' && weights.dtype === 'int8' && hasIntegerSums(weights, activations);
  return isReduced ? { ...weights, reduceRange: true } : weights;
}

function defaultActivations(recipe: Recipe): ActivationPrecision {
  const { activations: dtype, symmetricActivations: symmetric, observer, percentile } = recipe;
  return { dtype, symmetric, observer, ...(percentile === undefined ? {} : { percentile }) };
}

function changeWeights(
  before: LayerPrecision['weights'],
  change: NonNullable<LayerRule['weights']>,
  recipe: Recipe,
): LayerPrecision['weights'] {
  return change === 'float'
    ? change
    : changeIntegers(before === 'float' ? defaultWeights(recipe) : before, change);
}

function changeIntegers(
  before: WeightPrecision,
  change: Exclude<NonNullable<LayerRule['weights']>, 'float'>,
): WeightPrecision {
  const symmetric =
    change.symmetric ?? (change.dtype === undefined ? before.symmetric : !change.dtype.startsWith('u'));
  return { ...before, ...change, symmetric };
}

function changeActivations(
  before: LayerPrecision['activations'],
  change: NonNullable<LayerRule['activations']>,
  recipe: Recipe,
): LayerPrecision['activations'] {
  if (change === 'float') return change;
  return { ...(before === 'float' ? defaultActivations(recipe) : before), ...change };
}

function compile(graph: Graph, rule: LayerRule, selector: NodeSelector): Compiled {
  const { nodes, ops, from = [], to = [] } = rule;
  const between =
    from.length + to.length > 0 ? nodesBetween(valuesOf(graph, from), valuesOf(graph, to)) : undefined;
  return {
    rule,
    matches: (node) =>
      nodes?.some((pattern) => selector.matches(pattern, node)) !== false &&
      ops?.includes(node.op.name) !== false &&
      between?.has(node) !== false,
  };
}

function valuesOf(graph: Graph, names: readonly string[]): Value[] {
  return names.map((name) => {
    const value = graph.value(name);
    if (value) return value;
    throw new QuantizerError({
      code: 'RECIPE_LAYERS',
      where: `value ${name}`,
      message: 'a layer rule bounds a subgraph by it, but the prepared graph has no such value.',
      remedy: 'Name a value of the model that no fusion removes; octavo inspect lists them.',
    });
  });
}
