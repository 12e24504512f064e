import {
  DequantizeLinear,
  type Dim,
  fixNode,
  followedElements,
  type Graph,
  inferTypes,
  knownShape,
  type Node,
  type Pass,
  type PassLog,
  Shape,
  Size,
  storedConstant,
} from '@octavo/core/ir';
import { DTYPES, elementCount, int64, OctavoError, StoredTensor, type Tensor } from '@octavo/core/tensor';
import { FoldingWork } from './folding-work.js';
import { keysOf } from './only-with.js';

/**
 * Computes one node whose inputs are all known: outputs that exist, in order; undefined when it cannot. Throws an
 * OctavoError for inputs that do not fit, and when an output would take more bytes than the limit.
 */
export type NodeEvaluator = (
  graph: Graph,
  node: Node,
  inputs: readonly (Tensor | undefined)[],
  maxTensorBytes: number,
) => Promise<readonly Tensor[] | undefined> | readonly Tensor[] | undefined;

export interface FoldConstantsOptions {
  readonly evaluate: NodeEvaluator;
  /** Results with more bytes than this are folded only when they are no larger than their inputs (default 1 MiB). */
  readonly maxBytes?: number | undefined;
  /** Also compute DequantizeLinear nodes, whatever the size of one result (default false). */
  readonly dequantize?: boolean | undefined;
  /** What may be computed still, where passes share it (default what the graphs of the pass allow). */
  readonly work?: FoldingWork | undefined;
}

const DEFAULT_BYTES = 2 ** 20;

/** Ops whose result differs from run to run. */
const RANDOM: ReadonlySet<string> = new Set([
  'Bernoulli',
  'Multinomial',
  'RandomNormal',
  'RandomNormalLike',
  'RandomUniform',
  'RandomUniformLike',
]);

/**
 * Computes nodes whose inputs are all constant, Shape and Size of values whose shape is known, and integers that follow
 * from shapes.
 * DequantizeLinear nodes stay unless asked for: they say what their integers mean. So do nodes with subgraphs, random
 * ones and those whose inputs do not fit. What a pass computes is bounded over all graphs that it runs on: make one for each model.
 */
export function foldConstants(options: FoldConstantsOptions): Pass {
  const { work = new FoldingWork() } = options;
  return {
    name: 'fold-constants',
    async run(graph, log) {
      inferTypes(graph);
      work.begin(graph);
      let changed = false;
      for (const node of graph.sorted()) {
        const known = knownResult(graph, node);
        if ((!known && !isCandidate(node, options.dequantize ?? false)) || !graph.has(node)) continue;
        const results = known ?? (await compute(graph, node, options, work, log));
        if (!results) continue;
        const place = node.label;
        replace(graph, node, results, work);
        log.fired('fold-constants', place);
        changed = true;
      }
      return changed;
    },
  };
}

const SIZES = keysOf(Shape, Size);

/** What type inference has found out already. */
function knownResult(graph: Graph, node: Node): readonly Tensor[] | undefined {
  const sizes = SIZES.has(node.op.key) ? sizesOf(graph, node) : undefined;
  if (sizes) return sizes;
  const elements = followedElements(node);
  return elements && followedResult(graph, node, elements);
}

/** Shape and Size of a value whose dimensions are all known. */
function sizesOf(graph: Graph, node: Node): readonly Tensor[] | undefined {
  const shape = knownShape(node.inputs[0]?.shape);
  if (!shape || !node.output || graph.isOutput(node.output)) return undefined;
  if (Size.is(node)) return [int64([elementCount(shape)], [])];
  const { start, end } = Shape.attributes(node);
  return [int64(shape.slice(start, end))];
}

/** Integers that type inference has followed from shapes. */
function followedResult(
  graph: Graph,
  { output, outputs }: Node,
  elements: readonly Dim[],
): readonly Tensor[] | undefined {
  const shape = knownShape(output?.shape);
  if (!shape || !output || output.dtype !== 'int64' || output.quantized) return undefined;
  const isWhole = elements.length === elementCount(shape) && elements.every(isSafe);
  return isWhole && outputs.length === 1 && !graph.isOutput(output) ? [int64(elements, shape)] : undefined;
}

/** Whether a number is sure to be the integer that it stands for. */
function isSafe(element: Dim): element is number {
  return Number.isSafeInteger(element);
}

function isCandidate(node: Node, dequantize: boolean): boolean {
  const { op } = node;
  if (!op.known || op.name === 'Constant' || RANDOM.has(op.name)) return false;
  if (op.key === DequantizeLinear.key)
    return dequantize && node.inputs.every((value) => !value || storedConstant(value));
  for (const value of node.inputs) if (value && (!storedConstant(value) || value.quantized)) return false;
  return node.subgraphs.length === 0 && node.outputs.some((value) => value);
}

async function compute(
  graph: Graph,
  node: Node,
  { evaluate, maxBytes = DEFAULT_BYTES }: FoldConstantsOptions,
  work: FoldingWork,
  log: PassLog,
): Promise<readonly Tensor[] | undefined> {
  const decline = (reason: string): undefined => {
    log.declined('fold-constants', node.label, reason);
  };
  if (node.outputs.some((value) => value && graph.isOutput(value))) {
    return decline('it gives an output of the graph');
  }
  const stored = node.inputs.map((value) => storedConstant(value));
  const inputBytes = stored.reduce((sum, constant) => sum + (constant?.byteLength ?? 0), 0);
  const limit = DequantizeLinear.is(node) ? Number.POSITIVE_INFINITY : Math.max(maxBytes, inputBytes);
  if (knownBytes(node) > limit) return decline('its result is much larger than its inputs');
  if (!work.affords(node)) return decline('it takes too much work');
  const inputs = await Promise.all(stored.map((constant) => constant?.load()));
  const results = await orFault(() => evaluate(graph, node, inputs, limit));
  if (!results) return decline('no backend computes it');
  work.spend(node);
  // It may never run, in a branch that is not taken: a run that needs the result will say so.
  if (typeof results === 'string') return decline(`computing it fails: ${results}`);
  const bytes = results.reduce((sum, tensor) => sum + tensor.byteLength, 0);
  return bytes > limit ? decline('its result is much larger than its inputs') : results;
}

/** What a computation gives, or what is wrong with what it was given. */
async function orFault<T>(compute: () => T | Promise<T>): Promise<T | string> {
  try {
    return await compute();
  } catch (error) {
    if (error instanceof OctavoError) return error.fault;
    throw error;
  }
}

/** Bytes of the outputs, as far as their types tell before they are computed. */
function knownBytes(node: Node): number {
  let bytes = 0;
  for (const value of node.outputs) {
    const { dtype, shape } = value?.tensorType ?? {};
    const known = knownShape(shape);
    if (dtype && known) bytes += (elementCount(known) * DTYPES[dtype].bits) / 8;
  }
  return bytes;
}

/** @param results One for each output that is there. */
function replace(graph: Graph, node: Node, results: readonly Tensor[], work: FoldingWork): void {
  const left = results.values();
  const constants = node.outputs.map((value) => {
    const tensor = value && left.next().value;
    if (!tensor) return undefined;
    const constant = StoredTensor.of(tensor);
    work.folded(constant);
    return constant;
  });
  fixNode(graph, node, constants);
}
