import { type DType, isInteger } from '../tensor/index.js';
import { knownDim, knownShape, productOfDims, sumOfDims } from './dims.js';
import type { Node } from './node.js';
import type { Dim, Value } from './value.js';

/** Integer tensors up to this many elements are followed symbolically; shapes and axes are far smaller. */
const LIMIT = 256;

/** What the rules may ask about a node's inputs. */
export interface DimsLookup {
  /** Elements of an integer value, or undefined when nothing is known. */
  dims(value: Value | undefined): readonly Dim[] | undefined;
}

type Rule = (node: Node, lookup: DimsLookup) => readonly Dim[] | undefined;

/**
 * The elements of a node's first output, where the node computes integers from shapes: what exporters put between
 * `Shape` and `Reshape`. Rows are in row-major order; a scalar has one element.
 */
export function propagateDims(node: Node, lookup: DimsLookup): readonly Dim[] | undefined {
  const rule = node.op.domain === '' ? RULES.get(node.op.name) : undefined;
  const dims = rule?.(node, lookup);
  if (!dims || dims.length > LIMIT) return undefined;
  const count = productOfDims(node.output?.shape ?? [null]);
  return knownDim(count) && count !== dims.length ? undefined : dims;
}

/** The largest integers up to which a dtype holds all. */
const LARGEST_EXACT: Partial<Record<DType, number>> = {
  bool: 1,
  int32: 2 ** 31 - 1,
  int64: Number.MAX_SAFE_INTEGER,
  float16: 2 ** 11,
  float32: 2 ** 24,
  float64: Number.MAX_SAFE_INTEGER,
};

/** What fits both types stays as it is. */
const castRule: Rule = (node, { dims }) => {
  const source = dims(node.inputs[0]);
  const [from, to] = [node.inputs[0]?.dtype, node.output?.dtype];
  if (!source || !from || !to || from === to) return source;
  if (to === 'bool') return source.map((dim) => (knownDim(dim) ? Number(dim !== 0) : null));
  const limit = Math.min(LARGEST_EXACT[from] ?? 0, LARGEST_EXACT[to] ?? 0);
  return source.map((dim) => within(dim, limit));
};

function within(dim: Dim, limit: number): Dim {
  return knownDim(dim) && Math.abs(dim) > limit ? null : dim;
}

/** A number that a node computes in the type of its inputs; null where that type may round or wrap it. */
function computed(dim: Dim, node: Node): Dim {
  const dtype = node.inputs[0]?.dtype;
  return within(dim, (dtype && LARGEST_EXACT[dtype]) ?? 0);
}

const passThrough: Rule = (node, { dims }) => dims(node.inputs[0]);

/** Whether a value's rank is known and at most 1: its elements are then a list, whatever is done along axis 0. */
function isList(value: Value | undefined): boolean {
  const rank = value?.shape?.length;
  return rank !== undefined && rank <= 1;
}

/** Elements of a list, or of anything with one element. */
function listed(lookup: DimsLookup, value: Value | undefined): readonly Dim[] | undefined {
  const dims = lookup.dims(value);
  return dims && (dims.length === 1 || isList(value)) ? dims : undefined;
}

/** Of lists that are broadcast together. */
function elementwise(compute: (operands: readonly Dim[], node: Node) => Dim): Rule {
  return (node, lookup) => {
    const lists: (readonly Dim[])[] = [];
    for (let i = 0; i < node.inputs.length; i++) {
      const list = listed(lookup, node.inputs[i]);
      if (!list) return undefined;
      lists.push(list);
    }
    const count = lists.find(({ length }) => length !== 1)?.length ?? 1;
    if (!lists.every(({ length }) => length === 1 || length === count)) return undefined;
    const operandsAt = (i: number) => lists.map((list) => exactAt(list, i));
    return Array.from({ length: count }, (_, i) => compute(operandsAt(i), node));
  };
}

function arithmetic(compute: (a: Dim, b: Dim, node: Node) => Dim): Rule {
  return elementwise(([a = null, b = null], node) => computed(compute(a, b, node), node));
}

function extreme(choose: (...numbers: number[]) => number): Rule {
  return elementwise((operands) => (operands.every(knownDim) ? choose(...operands) : null));
}

/** An element of a broadcast list; null where it was rounded, as the largest integers were. */
function exactAt(list: readonly Dim[], i: number): Dim {
  const dim = list[list.length === 1 ? 0 : i] ?? null;
  return typeof dim === 'number' && !Number.isSafeInteger(dim) ? null : dim;
}

function onNumbers(compute: (a: number, b: number) => Dim): (a: Dim, b: Dim) => Dim {
  return (a, b) => (knownDim(a) && knownDim(b) ? compute(a, b) : null);
}

function intAttribute(node: Node, name: string): number | undefined {
  const attribute = node.attributes.get(name);
  return attribute?.kind === 'int' ? Number(attribute.value) : undefined;
}

function intsAttribute(node: Node, name: string): readonly number[] | undefined {
  const attribute = node.attributes.get(name);
  return attribute?.kind === 'ints' ? attribute.value.map(Number) : undefined;
}

const shapeRule: Rule = (node) => {
  const shape = node.inputs[0]?.shape;
  return shape?.slice(intAttribute(node, 'start') ?? 0, intAttribute(node, 'end') ?? shape.length);
};

const gatherRule: Rule = (node, { dims }) => {
  const source = dims(node.inputs[0]);
  const indices = dims(node.inputs[1]);
  if (!source || !indices || node.inputs[0]?.shape?.length !== 1) return undefined;
  return indices.map((index) => (knownDim(index) ? (source.at(index) ?? null) : null));
};

const concatRule: Rule = (node, lookup) => {
  const parts = node.inputs.map((value) => (isList(value) ? lookup.dims(value) : undefined));
  return parts.every((part) => part !== undefined) ? parts.flat() : undefined;
};

/** Slice over axis 0 of a list; bounds come from inputs (opset 10 on) or attributes. */
const sliceRule: Rule = (node, { dims }) => {
  const source = isList(node.inputs[0]) ? dims(node.inputs[0]) : undefined;
  const bound = (name: string, index: number): Dim | undefined =>
    node.inputs[index] ? (dims(node.inputs[index])?.[0] ?? null) : intsAttribute(node, name)?.[0];
  const [start, end] = [bound('starts', 1), bound('ends', 2)];
  const step = node.inputs[4] ? bound('steps', 4) : 1;
  if (!source || !knownDim(start) || !knownDim(end) || !knownDim(step)) return undefined;
  return step > 0
    ? source.slice(start, end).filter((_, i) => i % step === 0)
    : backwards(source, start, end, -step);
};

function backwards(source: readonly Dim[], start: number, end: number, step: number): readonly Dim[] {
  const count = source.length;
  const from = Math.min(start < 0 ? start + count : start, count - 1);
  const until = Math.max(end < 0 ? end + count : end, -1);
  const result: Dim[] = [];
  for (let i = from; i > until; i -= step) result.push(source[i] ?? null);
  return result;
}

const reduceProdRule: Rule = (node, { dims }) => {
  const source = isList(node.inputs[0]) ? dims(node.inputs[0]) : undefined;
  return source && [computed(productOfDims(source), node)];
};

const sizeRule: Rule = (node) => {
  const shape = node.inputs[0]?.shape;
  return shape && [productOfDims(shape)];
};

const rangeRule: Rule = (node, { dims }) => {
  const [start, limit, delta] = node.inputs.map((value) => dims(value)?.[0]);
  if (!knownDim(start) || !knownDim(limit) || !knownDim(delta) || delta === 0) return undefined;
  const count = Math.max(0, Math.ceil((limit - start) / delta));
  return count <= LIMIT
    ? Array.from({ length: count }, (_, i) => computed(start + i * delta, node))
    : undefined;
};

const constantOfShapeRule: Rule = (node, { dims }) => {
  const shape = knownShape(dims(node.inputs[0]));
  const count = shape?.reduce((product, dim) => product * dim, 1);
  const stored = node.attributes.get('value');
  const fill = stored?.kind === 'tensor' ? stored.value.peek() : undefined;
  if (count === undefined || count > LIMIT || !fill?.is('int64')) return undefined;
  return Array.from({ length: count }, () => Number(fill.data[0] ?? 0n));
};

const whereRule: Rule = (node, lookup) => {
  const [condition, yes, no] = node.inputs.map((value) => listed(lookup, value));
  if (!condition || !yes || !no) return undefined;
  const pick = (list: readonly Dim[], i: number): Dim => list[list.length === 1 ? 0 : i] ?? null;
  return Array.from({ length: Math.max(condition.length, yes.length, no.length) }, (_, i) => {
    const chosen = pick(condition, i);
    if (knownDim(chosen)) return pick(chosen ? yes : no, i);
    return pick(yes, i) === pick(no, i) ? pick(yes, i) : null;
  });
};

const add = (a: Dim, b: Dim): Dim => sumOfDims([a, b]);
const multiply = (a: Dim, b: Dim): Dim => productOfDims([a, b]);
const subtract = (a: Dim, b: Dim): Dim => (b === 0 ? a : onNumbers((x, y) => x - y)(a, b));
/** Shapes that were cast to float divide with a fraction, which a Floor or Ceil behind may round either way. */
const divide = (a: Dim, b: Dim, node: Node): Dim => {
  if (b === 1) return a;
  const whole = node.inputs.every((value) => value?.dtype !== undefined && isInteger(value.dtype));
  return onNumbers((x, y) => (y !== 0 && (whole || x % y === 0) ? Math.trunc(x / y) : null))(a, b);
};
const equal = onNumbers((a, b) => (a === b ? 1 : 0));

const RULES: ReadonlyMap<string, Rule> = new Map<string, Rule>([
  ['Shape', shapeRule],
  ['Size', sizeRule],
  ['Gather', gatherRule],
  ['Concat', concatRule],
  ['Slice', sliceRule],
  ['ReduceProd', reduceProdRule],
  ['Range', rangeRule],
  ['ConstantOfShape', constantOfShapeRule],
  ['Where', whereRule],
  ['Identity', passThrough],
  ['Cast', castRule],
  ['Unsqueeze', passThrough],
  ['Squeeze', passThrough],
  ['Reshape', passThrough],
  ['Flatten', passThrough],
  ['Floor', passThrough],
  ['Ceil', passThrough],
  ['Add', arithmetic(add)],
  ['Sub', arithmetic(subtract)],
  ['Mul', arithmetic(multiply)],
  ['Div', arithmetic(divide)],
  ['Mod', arithmetic(onNumbers((a, b) => (a < 0 || b <= 0 ? null : a % b)))],
  ['Equal', arithmetic(equal)],
  ['Min', extreme(Math.min)],
  ['Max', extreme(Math.max)],
]);
