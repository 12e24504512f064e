import { capturedBy, type Graph, type Node, recapture, type Value } from '@octavo/core/ir';
import { StoredTensor } from '@octavo/core/tensor';
import { LayerPrecisions } from './layer-precisions.js';
import type { Recipe } from './recipe.js';
import { type Loan, WeightMemory } from './weight-memory.js';

/** A graph of a model that is being quantized. */
export interface GraphJob {
  readonly graph: Graph;
  readonly recipe: Recipe;
  readonly memory: WeightMemory;
  /** Whether it is a graph of an If, Loop or Scan. */
  readonly isInside: boolean;
}

/** @param kept The If, Loop and Scan nodes of the graph whose own graphs are not visited, and why. */
type Visit = (job: GraphJob, kept: ReadonlyMap<Node, string>) => void | Promise<void>;

/**
 * Visits a graph, and then the graphs of its If, Loop and Scan nodes at any depth, but of those that the recipe excludes. Where a graph is visited, values that stand for
 * constants of those around it are constants; what its memory makes of them lies where they lie, and is captured like them.
 */
export function forEachGraph(graph: Graph, recipe: Recipe, visit: Visit): Promise<void> {
  return visitDeep({ graph, recipe, memory: new WeightMemory(graph), isInside: false }, visit);
}

async function visitDeep(job: GraphJob, visit: Visit): Promise<void> {
  // A visit may remove the values that bound a rule.
  const kept = keptNodes(job);
  await visit(job, kept);
  for (const node of job.graph.nestingNodes) {
    if (kept.has(node)) continue;
    const captured = new Map(node.subgraphs.map((body) => [body.graph, capturedBy(node, body)]));
    for (const [body, stands] of captured) await visitInside(job, body, stands, visit);
    recapture(node, captured);
  }
}

function keptNodes({ graph, recipe }: GraphJob): Map<Node, string> {
  const precisions = new LayerPrecisions(graph, recipe);
  const kept = new Map<Node, string>();
  for (const node of graph.nestingNodes) {
    const because = precisions.excludedBecause(node);
    if (because !== undefined) kept.set(node, because);
  }
  return kept;
}

/** @param stands What stands in the body for which value of the graph around it; grows by what is captured now. */
async function visitInside(
  outer: GraphJob,
  body: Graph,
  stands: Map<Value, Value>,
  visit: Visit,
): Promise<void> {
  const loans = new Map<Value, Loan>();
  const capture = (value: Value): Value => capturedIn(body, stands, value);
  for (const [stand, value] of stands) {
    if (!value.constant || outer.graph.inputs.includes(value)) continue;
    loans.set(stand, { value, memory: outer.memory, capture });
    stand.constant = value.constant;
  }
  const memory = new WeightMemory(body, loans, outer.memory.cache);
  await visitDeep({ graph: body, recipe: recipeInside(outer.recipe), memory, isInside: true }, visit);
  for (const stand of loans.keys()) stand.constant = undefined;
  // Whoever runs a model at once expects the constants of its inner graphs in memory.
  for (const value of memory.held)
    if (value.constant) value.constant = StoredTensor.of(await value.constant.load());
}

function capturedIn(body: Graph, stands: Map<Value, Value>, value: Value): Value {
  for (const [stand, outer] of stands) if (outer === value) return stand;
  const stand = body.addValue(body.uniqueName(value.name), value.type);
  body.captures.push(stand);
  stands.set(stand, value);
  return stand;
}

/** Inner graphs have values of their own, so that rules bounded by values of the graph around them are not about them. */
export function recipeInside(recipe: Recipe): Recipe {
  return { ...recipe, layers: recipe.layers.filter(({ from, to }) => !from && !to) };
}
