import { inferTypes, parse } from '@octavo/core/ir';
import { type DType, StoredTensor, zeros } from '@octavo/core/tensor';
import { describe, expect, it } from 'vitest';
import { FoldingWork } from './folding-work.js';
import { operationsOf } from './operation-count.js';

/** Operations of the last node of a graph. */
function count(text: string): number {
  const graph = parse(`graph opset 21, com.microsoft 1 {\n${text}\n}`);
  inferTypes(graph);
  const node = graph.sorted().at(-1);
  return node ? operationsOf(node) : Number.NaN;
}

/** The same, of elements that are in memory. */
function countPicked(text: string, shape: readonly number[], dtype: DType = 'float32'): number {
  const graph = parse(`graph opset 21 {\nvalue %x: ${dtype}[${shape.join(', ')}]\n${text}\n}`);
  const value = graph.value('x');
  if (value) value.constant = StoredTensor.of(zeros(dtype, shape));
  inferTypes(graph);
  const node = graph.sorted().at(-1);
  return node ? operationsOf(node) : Number.NaN;
}

const SQUARE = 'value %x: float32[1, 1, 64, 64]';

describe('the operations of a node', () => {
  it.each([
    [
      'the depth of a product',
      (n: number) => `value %a: float32[8, ${n}]\nvalue %b: float32[${n}, 8]\n%y = MatMul(%a, %b)`,
    ],
    [
      'the depth of a transposed product',
      (n: number) => `value %a: float32[${n}, 8]\nvalue %b: float32[${n}, 8]\n%y = Gemm(%a, %b) {transA=1}`,
    ],
    [
      'the window of a pool',
      (n: number) => `${SQUARE}\n%y = MaxPool(%x) {kernel_shape=[1, ${n}], pads=[0, ${n}, 0, 0]}`,
    ],
    [
      'the filters of a convolution',
      (n: number) => `${SQUARE}\nvalue %w: float32[1, 1, 1, ${n}]\n%y = Conv(%x, %w) {pads=[0, ${n}, 0, 0]}`,
    ],
    [
      'the labels that Einsum sums over',
      (n: number) =>
        `value %a: float32[${n}, 4]\nvalue %b: float32[${n}, 4]\n%y = Einsum(%a, %b) {equation="ij,kl->jl"}`,
    ],
    [
      'the boxes of a suppression',
      (n: number) =>
        `value %b: float32[1, ${n}, 4]\nvalue %s: float32[1, 1, ${n}]\n%y = NonMaxSuppression(%b, %s)`,
    ],
    [
      'the states of a recurrence',
      (n: number) =>
        `value %x: float32[9, 1, 2]\nvalue %w: float32[1, ${n}, 2]\nvalue %r: float32[1, ${n}, ${n}]\n%y = RNN(%x, %w, %r)`,
    ],
    [
      'the neighbours of a normalization',
      (n: number) => `value %x: float32[1, 512, 2, 2]\n%y = LRN(%x) {size=${n}}`,
    ],
  ])('grow with %s', (_, text) => {
    expect(count(text(32)) / count(text(16))).toBeGreaterThan(1.7);
  });

  it('grow with what is between the axes that grow and those that shrink', () => {
    const resize = (from: string, to: string) =>
      count(
        `value %x: float32${from}\nconst %s: int64[2] = ${to}\n%y = Resize(%x, _, _, %s) {mode="linear"}`,
      );
    expect(resize('[1, 4096]', '[4096, 1]')).toBeGreaterThan(4096 ** 2);
    expect(resize('[1, 4096]', '[1, 1]')).toBeLessThan(4096 * 1000);
  });

  it('of a window are those that it covers', () => {
    const pool = (length: number) =>
      count(`${SQUARE}\n%y = MaxPool(%x) {kernel_shape=[1, ${length}], pads=[0, ${length}, 0, 0]}`);
    expect(pool(100_000)).toBe(pool(64));
  });

  it('have no bound where the elements decide, or where a shape is not known', () => {
    const regions = 'value %r: float32[1, 4]\nvalue %i: int64[1]';
    expect(count(`${SQUARE}\n${regions}\n%y = RoiAlign(%x, %r, %i)`)).toBe(Number.POSITIVE_INFINITY);
    expect(count('value %a: float32[2, n]\nvalue %b: float32[n, 2]\n%y = MatMul(%a, %b)')).toBe(
      Number.POSITIVE_INFINITY,
    );
  });

  it('count every operand that is read for each element', () => {
    const sum = (operands: number) =>
      count(`value %x: float32[1000]\nvalue %c: float32[]\n%y = Sum(%x${', %c'.repeat(operands)})`);
    expect(sum(100) / sum(1)).toBeGreaterThan(20);
  });

  it.each([
    ['a row', 'value %i: int64[1]\n%y = Gather(%x, %i)'],
    ['a slice', 'const %f: int64[1] = [0]\nconst %t: int64[1] = [1]\n%y = Slice(%x, %f, %t)'],
  ])('of %s are those of what is taken, and of a copy of what it is taken from', (_, take) => {
    const large = countPicked(take, [4096, 16]);
    expect(large).toBeLessThan(2 * 4096 * 16);
    expect(large).toBeGreaterThanOrEqual(4096 * 16);
    expect(count(`value %x: float32[4096, 16]\n${take}`)).toBeGreaterThan(8 * 4096 * 16);
  });

  it.each(['int4', 'uint2', 'string'] as const)(
    'take all elements of %s apart, however few are taken',
    (dtype) => {
      const take = 'value %i: int64[1]\n%y = Gather(%x, %i)';
      expect(countPicked(take, [4096, 16], dtype)).toBeGreaterThan(8 * 4096 * 16);
    },
  );

  it('grow with the parts that are put together, and with no more', () => {
    const parts = (many: number) =>
      count(`value %x: float32[64, 1000]\n%y = Concat(${Array(many).fill('%x').join(', ')}) {axis=0}`);
    expect(parts(48)).toBe(48 * parts(1));
    const quantized = (many: number) =>
      count(`value %x: int8[64, 1000]\nvalue %s: float32[]\nvalue %z: int8[]
        %y = com.microsoft.QLinearConcat(%s, %z${', %x, %s, %z'.repeat(many)}) {axis=0}`);
    expect(quantized(48) / quantized(1)).toBeCloseTo(48, 1);
  });
});

describe('the work that a graph allows', () => {
  it('is enough for a product of the weights that it stores', () => {
    const graph = parse(`graph opset 21 {
      value %a: float32[512, 512]
      value %b: float32[512, 512]
      %y = MatMul(%a, %b)
    }`);
    for (const name of ['a', 'b']) {
      const value = graph.value(name);
      if (value) value.constant = StoredTensor.of(zeros('float32', [512, 512]));
    }
    inferTypes(graph);
    const [node] = graph.sorted();
    const work = new FoldingWork();
    work.begin(graph);
    expect(node && work.affords(node)).toBe(true);
    if (node) work.spend(node);
    expect(node && work.affords(node)).toBe(false);
  });

  it('dequantizes every weight several times, whatever else was computed, and no more', () => {
    const side = 4096;
    const graph = parse(`graph opset 21 {
      value %w: int8[${side}, ${side}]
      const %s: float32[] = 0.5
      %f = DequantizeLinear(%w, %s)
      %y = Neg(%f)
    }`);
    const value = graph.value('w');
    if (value) value.constant = StoredTensor.of(zeros('int8', [side, side]));
    inferTypes(graph);
    const [dequantize, negate] = graph.sorted();
    if (!dequantize || !negate) throw new Error('two nodes');
    const work = new FoldingWork();
    work.begin(graph);
    let negated = 0;
    for (; work.affords(negate); negated++) work.spend(negate);
    expect(negated).toBeGreaterThan(0);
    let times = 0;
    for (; work.affords(dequantize) && times < 100; times++) work.spend(dequantize);
    expect(times).toBeGreaterThanOrEqual(4);
    expect(times).toBeLessThan(20);
  });
});
