import {
  type Attribute,
  BitCast,
  Cast,
  CastLike,
  Graph,
  inferTypes,
  type Node,
  type Pass,
  supersede,
  tensorType,
  type Value,
  type ValueType,
} from '@octavo/core/ir';
import { DTYPES, type DType, isFloat, isHalf, OctavoError, widenedConstant } from '@octavo/core/tensor';
import { lastingConstant } from './lasting-constant.js';

/** A node that computes in float32 what another one computes in half precision, in a graph of its own. */
export interface WideTwin {
  readonly graph: Graph;
  readonly node: Node;
}

export interface WideningOptions {
  /** By how much a node of the graph runs better as its twin: below 0 where it runs worse. */
  gain(graph: Graph, node: Node, twin: WideTwin): number;
}

/**
 * Computes nodes on float16 and bfloat16 in float32 where they run better so. From node to node values stay float32, as
 * they are: only inputs, constants and outputs of the graph, casts that the model has, and what other nodes read are
 * halves, rounded to nearest even. Nodes that run as well either way follow their operands. The types of the graph are
 * inferred before.
 */
export function widenHalves({ gain }: WideningOptions): Pass {
  return {
    name: 'widen-halves',
    run(graph, log) {
      if (!hasHalves(graph)) return false;
      const widening = new Widening(graph);
      let changed = false;
      for (const node of graph.sorted()) {
        const twin = isCandidate(node) ? twinOf(node, graph) : undefined;
        const better = twin ? gain(graph, node, twin) : -1;
        if (better < 0 || (better === 0 && !node.inputs.some((value) => widening.has(value)))) continue;
        const place = node.label;
        widening.replace(node);
        log.fired('widen-halves', place);
        changed = true;
      }
      return changed;
    },
  };
}

function hasHalves(graph: Graph): boolean {
  for (const { dtype } of graph.values) if (dtype && isHalf(dtype)) return true;
  return false;
}

/** Whether a node computes with halves and would compute the same, but for roundings, with wider floats. */
function isCandidate(node: Node): boolean {
  const values = [...node.operands, ...node.outputs];
  if (!values.some((value) => value && isHalfValue(value))) return false;
  if (node.captures.length > 0 || values.some((value) => value?.quantized)) return false;
  if (BitCast.is(node) || CastLike.is(node)) return false;
  return !Cast.is(node) || isExactInFloat32(node);
}

/**
 * Whether a cast of integers to halves may go by way of float32: numbers that float32 rounds are infinite as float16, but
 * as bfloat16 would be rounded twice.
 */
function isExactInFloat32(cast: Node): boolean {
  const [from, to] = [cast.inputs[0]?.dtype, cast.output?.dtype];
  if (!from || isFloat(from)) return false;
  return to === 'float16' || from === 'bool' || DTYPES[from].bits <= 16;
}

function twinOf(node: Node, within: Graph): WideTwin | undefined {
  const graph = new Graph(within.opsets);
  const twins = new Map<Value, Value>();
  for (const value of node.operands) {
    const name = graph.uniqueName(value.name);
    const stored = lastingConstant(within, value);
    const constant = stored && isHalfValue(value) ? widenedConstant(stored) : stored;
    const twin = constant ? graph.addInitializer(name, constant) : graph.addInput(name, wideType(value));
    twins.set(value, twin);
  }
  const outputs = node.outputs.map((value) => value && graph.addValue(graph.uniqueName(value.name)));
  const inputs = node.inputs.map((value) => value && twins.get(value));
  const twin = graph.addNode(node.op, { inputs, outputs, attributes: wideAttributes(node) });
  const fits =
    infers(graph) && outputs.every((value, i) => value?.dtype === wideDType(node.outputs[i]?.dtype));
  return fits ? { graph, node: twin } : undefined;
}

/** Whether the types of a graph follow from its inputs. */
function infers(graph: Graph): boolean {
  try {
    inferTypes(graph);
    return true;
  } catch (error) {
    if (error instanceof OctavoError) return false;
    throw error;
  }
}

function isHalfValue({ dtype }: Value): boolean {
  return dtype !== undefined && isHalf(dtype);
}

function wideDType(dtype: DType | undefined): DType | undefined {
  return dtype && isHalf(dtype) ? 'float32' : dtype;
}

function wideType(value: Value): ValueType | undefined {
  const { type } = value;
  return type?.kind === 'tensor' && isHalfValue(value) ? tensorType('float32', type.shape) : type;
}

function wideAttributes(node: Node): ReadonlyMap<string, Attribute> {
  return Cast.is(node)
    ? new Map([...node.attributes, ['to', { kind: 'int', value: DTYPES.float32.onnx }]])
    : node.attributes;
}

/** Replaces nodes, in topological order. */
class Widening {
  readonly #graph: Graph;
  /** The float32 form of halves. */
  readonly #wide = new Map<Value, Value>();

  constructor(graph: Graph) {
    this.#graph = graph;
  }

  /** Whether a value is the rounded form of one that a replaced node computes. */
  has(value: Value | undefined): boolean {
    const wide = value && this.#wide.get(value);
    return wide !== undefined && !wide.constant && !Cast.is(wide.producer);
  }

  replace(node: Node): void {
    const graph = this.#graph;
    const { name, outputs: before } = node;
    const inputs = node.inputs.map((value) => value && this.#widened(value));
    const outputs = before.map(
      (value) => value && graph.addValue(graph.uniqueName(`${value.name}_wide`), wideType(value)),
    );
    graph.addNode(node.op, { name, inputs, outputs, attributes: wideAttributes(node) });
    outputs.forEach((wide, i) => {
      const value = before[i];
      if (!value || !wide) return;
      const narrow = value.dtype && isHalf(value.dtype) ? this.#cast(wide, value.dtype) : wide;
      if (narrow !== wide && !Cast.is(node)) this.#wide.set(narrow, wide);
      supersede(graph, value, narrow);
    });
  }

  #widened(value: Value): Value {
    if (!isHalfValue(value)) return value;
    const known = this.#wide.get(value);
    if (known) return known;
    const constant = lastingConstant(this.#graph, value);
    const wide = constant
      ? this.#graph.addInitializer(value.name, widenedConstant(constant))
      : this.#cast(value, 'float32');
    this.#wide.set(value, wide);
    return wide;
  }

  #cast(value: Value, dtype: 'float32' | 'float16' | 'bfloat16'): Value {
    const graph = this.#graph;
    const output = graph.addValue(graph.uniqueName(`${value.name}_${dtype}`), tensorType(dtype, value.shape));
    const attributes = Cast.encodeAttributes({ to: DTYPES[dtype].onnx });
    graph.addNode(Cast, { inputs: [value], outputs: [output], attributes });
    return output;
  }
}
