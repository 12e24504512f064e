import { cloneGraph, type Graph, type Pass, parse, runPasses } from '@octavo/core/ir';
import { fromNumbers, type Tensor, toNumbers } from '@octavo/core/tensor';
import {
  eliminateDeadNodes,
  eliminateIdentity,
  foldBatchNorm,
  foldQdq,
  fuseConvBias,
  materializeQdq,
  raiseOpset,
  raiseQoperator,
} from '@octavo/passes';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { runReference } from '../conformance/both-runtimes.js';
import { integersIn, reals, seed } from '../conformance/random-tensors.js';

const RUNS = { numRuns: 20 };

/** Random tensors for the inputs of a graph, whose shapes are all numbers. */
function feedsOf(graph: Graph, start: number): Tensor[] {
  return graph.inputs.map((value, i) => {
    const shape = (value.shape ?? []).map(Number);
    if (value.dtype === 'uint8') return integersIn('uint8', shape, start + i, 0, 255);
    if (value.dtype === 'bool') return fromNumbers('bool', shape, new Array<number>(1).fill(start % 2));
    return reals(shape, start + i);
  });
}

/** Results of a graph before and after passes, as plain numbers. */
async function beforeAndAfter(source: Graph, passes: readonly Pass[], start: number) {
  const feeds = feedsOf(source, start);
  const graph = cloneGraph(source);
  const records = await runPasses(graph, passes, { verify: true });
  expect(records.some((record) => record.changed)).toBe(true);
  const numbers = (tensors: readonly Tensor[]) => tensors.map((tensor) => [...toNumbers(tensor)]);
  const before = numbers(await runReference(source, feeds));
  const after = numbers(await runReference(graph, feeds));
  return { before, after, graph };
}

/** Power-of-two scales make every float operation of the QDQ form exact, so integers must be equal. */
const QDQ_CONV = `graph opset 21 {
  input %x: float32[1, 4, 6, 6]
  const %s: float32[] = 0.03125
  const %z: uint8[] = 128
  const %zero: uint8[] = 0
  const %ws: float32[2] = [0.0078125, 0.015625]
  const %wz: int8[2] = [0, 0]
  const %bs: float32[2] = [0.000244140625, 0.00048828125]
  const %ys: float32[] = 0.0625
  const %w: int8[2, 4, 1, 1] = [13, -77, 100, 9, -128, 127, 3, -50]
  const %b: int32[2] = [901, -333]
  %xq = QuantizeLinear(%x, %s, %z)
  %xd = DequantizeLinear(%xq, %s, %z)
  %wd = DequantizeLinear(%w, %ws, %wz) {axis=0}
  %bd = DequantizeLinear(%b, %bs) {axis=0}
  %c = Conv(%xd, %wd, %bd)
  BODY
}`;

describe('quantized passes give the integers of the file', () => {
  it.each([
    ['convolution', '%q = QuantizeLinear(%c, %ys, %z)\n%y = DequantizeLinear(%q, %ys, %z)\noutput %y'],
    ['convolution whose sums stay float', '%r = Relu(%c)\n%y = Neg(%r)\noutput %y, %c'],
    [
      'convolution and Relu that vanishes',
      '%r = Relu(%c)\n%q = QuantizeLinear(%r, %ys, %zero)\n%y = DequantizeLinear(%q, %ys, %zero)\noutput %y',
    ],
    [
      'convolution and Relu that stays',
      '%r = Relu(%c)\n%q = QuantizeLinear(%r, %ys, %z)\n%y = DequantizeLinear(%q, %ys, %z)\noutput %y',
    ],
    [
      'convolution and Clip with bounds off the grid',
      `const %lo: float32[] = -0.7
      const %hi: float32[] = 1.3
      %r = Clip(%c, %lo, %hi)
      %q = QuantizeLinear(%r, %ys, %z)
      %y = DequantizeLinear(%q, %ys, %z)
      output %y`,
    ],
    [
      'residual addition with pooling and reshape',
      `const %flat: int64[2] = [1, -1]
      %q = QuantizeLinear(%c, %ys, %z)
      %d = DequantizeLinear(%q, %ys, %z)
      %a = Add(%d, %d)
      %aq = QuantizeLinear(%a, %s, %z)
      %ad = DequantizeLinear(%aq, %s, %z)
      %p = MaxPool(%ad) {kernel_shape=[2, 2], strides=[2, 2]}
      %pq = QuantizeLinear(%p, %s, %z)
      %pd = DequantizeLinear(%pq, %s, %z)
      %r = Reshape(%pd, %flat)
      %rq = QuantizeLinear(%r, %s, %z)
      output %rq`,
    ],
  ])('%s', async (_, body) => {
    const source = parse(QDQ_CONV.replace('BODY', body));
    await fc.assert(
      fc.asyncProperty(seed, async (start) => {
        const { before, after, graph } = await beforeAndAfter(source, [foldQdq], start);
        expect(after).toEqual(before);
        expect(graph.nodes.some((node) => node.op.name === 'Conv' && node.inputs[1]?.quantized)).toBe(true);
        const again = await beforeAndAfter(graph, [materializeQdq], start);
        expect(again.after).toEqual(before);
      }),
      RUNS,
    );
  });

  it.each([
    ['Sigmoid', '%y = Sigmoid(%a)'],
    ['Softmax', '%y = Softmax(%a) {axis=1}'],
    ['Transpose', '%y = Transpose(%a) {perm=[0, 2, 1]}'],
    ['Concat', '%y = Concat(%a, %b) {axis=1}'],
    ['Sub', '%y = Sub(%a, %b)'],
    ['Div by a constant', 'const %k: float32[] = 1.7\n%y = Div(%a, %k)'],
    ['PRelu', 'const %k: float32[3, 1] = [0.1, 0.2, 0.3]\n%y = PRelu(%a, %k)'],
    ['Pad', 'const %p: int64[6] = [0, 1, 0, 0, 0, 2]\n%y = Pad(%a, %p)'],
    ['ReduceMean', 'const %p: int64[1] = [2]\n%y = ReduceMean(%a, %p)'],
    ['AveragePool', '%y = AveragePool(%a) {kernel_shape=[2]}'],
    ['MaxPool', '%y = MaxPool(%a) {kernel_shape=[2]}'],
    ['Gather', 'const %p: int64[2] = [2, 0]\n%y = Gather(%a, %p) {axis=1}'],
    ['LayerNormalization', 'const %k: float32[4] = [1, 2, 0.5, 1]\n%y = LayerNormalization(%a, %k)'],
  ])('%s between arbitrary qparams', async (_, body) => {
    const source = parse(`graph opset 21 {
      input %x: uint8[1, 3, 4]
      input %z: uint8[1, 3, 4]
      const %xs: float32[] = 0.0137
      const %xz: uint8[] = 101
      const %zs: float32[] = 0.0071
      const %zz: uint8[] = 9
      const %ys: float32[] = 0.0113
      const %yz: int8[] = -5
      %a = DequantizeLinear(%x, %xs, %xz)
      %b = DequantizeLinear(%z, %zs, %zz)
      ${body}
      %q = QuantizeLinear(%y, %ys, %yz)
      output %q
    }`);
    const { before, after, graph } = await beforeAndAfter(source, [foldQdq, eliminateDeadNodes], 4711);
    expect(after).toEqual(before);
    expect(graph.nodes).toHaveLength(1);
  });

  it('every half of a Split', async () => {
    const source = parse(`graph opset 21 {
      input %x: uint8[1, 4]
      const %xs: float32[] = 0.0137
      const %xz: uint8[] = 101
      %a = DequantizeLinear(%x, %xs, %xz)
      %l, %r = Split(%a) {axis=1, num_outputs=2}
      %lq = QuantizeLinear(%l, %xs, %xz)
      %rq = QuantizeLinear(%r, %xs, %xz)
      output %rq, %lq
    }`);
    const { before, after, graph } = await beforeAndAfter(source, [foldQdq], 4711);
    expect(after).toEqual(before);
    expect(graph.nodes.map((node) => node.op.name)).toEqual(['Split']);
  });

  it.each([
    ['int4', 'int4[4, 3] = [1, -8, 7, 3, 2, -1, -5, 6, 0, 4, -3, 5]', 'int4[] = 0'],
    ['uint4 with a zero point', 'uint4[4, 3] = [1, 15, 7, 3, 2, 11, 9, 6, 0, 4, 3, 5]', 'uint4[] = 8'],
    ['uint8 with a zero point', 'uint8[4, 3] = [1, 255, 7, 3, 2, 11, 9, 6, 0, 4, 3, 5]', 'uint8[] = 131'],
  ])('products with %s weights', async (_, weights, zero) => {
    const source = parse(`graph opset 21 {
      input %x: uint8[2, 4]
      const %xs: float32[] = 0.03125
      const %xz: uint8[] = 131
      const %ws: float32[] = 0.0078125
      const %wz: ${zero}
      const %ys: float32[] = 0.125
      const %w: ${weights}
      %a = DequantizeLinear(%x, %xs, %xz)
      %b = DequantizeLinear(%w, %ws, %wz)
      %y = MatMul(%a, %b)
      %q = QuantizeLinear(%y, %ys, %xz)
      output %q
    }`);
    const { before, after, graph } = await beforeAndAfter(source, [foldQdq], 99);
    expect(after).toEqual(before);
    expect(graph.nodes).toHaveLength(1);
  });

  it('the integer ops of older files', async () => {
    const source = parse(`graph opset 13, com.microsoft 1 {
      input %x: uint8[1, 2, 4, 4]
      const %s: float32[] = 0.013
      const %z: uint8[] = 121
      const %ws: float32[2] = [0.0071, 0.0193]
      const %wz: int8[2] = [0, 0]
      const %ys: float32[] = 0.031
      const %yz: uint8[] = 7
      const %w: int8[2, 2, 1, 1] = [13, -77, 100, 9]
      const %b: int32[2] = [901, -333]
      const %ms: float32[] = 0.011
      const %mz: int8[] = 0
      const %m: int8[2, 3] = [3, -50, 17, 99, -128, 5]
      const %rows: int64[2] = [-1, 2]
      %c = QLinearConv(%x, %s, %z, %w, %ws, %wz, %ys, %yz, %b)
      %a = com.microsoft::QLinearAdd(%c, %ys, %yz, %x, %s, %z, %s, %yz)
      %t = com.microsoft::QLinearMul(%a, %s, %yz, %c, %ys, %yz, %ys, %z)
      %f = MaxPool(%t) {kernel_shape=[2, 2]}
      %r = Reshape(%f, %rows)
      %y = QLinearMatMul(%r, %ys, %z, %m, %ms, %mz, %s, %z)
      output %y, %a
    }`);
    await fc.assert(
      fc.asyncProperty(seed, async (start) => {
        const { before, after, graph } = await beforeAndAfter(source, [raiseQoperator], start);
        expect(after).toEqual(before);
        expect(graph.nodes.every((node) => !node.op.name.startsWith('QLinear'))).toBe(true);
      }),
      RUNS,
    );
  });
});

describe('raise-opset gives the same numbers', () => {
  it.each([
    ['Softmax over all axes', 11, 13, 'input %x: float32[2, 3, 4]\n%y = Softmax(%x) {axis=0}'],
    ['LogSoftmax over the last axes', 11, 13, 'input %x: float32[2, 3, 4]\n%y = LogSoftmax(%x) {axis=1}'],
    ['Hardmax over one axis', 11, 13, 'input %x: float32[2, 3, 1]\n%y = Hardmax(%x)'],
    [
      'reductions',
      11,
      18,
      'input %x: float32[2, 3, 4]\n%a = ReduceMean(%x) {axes=[1]}\n%y = ReduceL2(%a) {keepdims=0, axes=[-1]}',
    ],
    [
      'slices, pads, bounds and splits',
      9,
      21,
      `input %x: float32[4, 8]
       %a = Clip(%x) {min=-0.5, max=0.75}
       %b = Pad(%a) {pads=[0, 1, 2, 0], value=2.5}
       %c = Slice(%b) {starts=[0], ends=[-1], axes=[1]}
       %d, %e = Split(%c) {axis=1, split=[3, 5]}
       %y, %i = TopK(%e) {k=2}`,
    ],
    ['Upsample', 7, 21, 'input %x: float32[1, 2, 3, 3]\n%y = Upsample(%x) {scales=[1.0, 1.0, 2.0, 3.0]}'],
    [
      'linear Upsample',
      7,
      21,
      'input %x: float32[1, 1, 3, 3]\n%y = Upsample(%x) {mode="linear", scales=[1.0, 1.0, 2.0, 2.0]}',
    ],
    [
      'BatchNormalization and Dropout',
      8,
      21,
      `input %x: float32[1, 2, 3, 3]
       const %g: float32[2] = [1.5, 0.5]
       %a = BatchNormalization(%x, %g, %g, %g, %g) {spatial=1}
       %y = Dropout(%a)`,
    ],
  ])('%s', async (_, from, to, body) => {
    const source = parse(`graph opset ${from} {\n${body}\noutput %y }`);
    const { before, after } = await beforeAndAfter(source, [raiseOpset(to)], 12345);
    expect(after).toEqual(before);
  });
});

describe('folding into weights gives the same numbers to float32 rounding', () => {
  it.each([
    ['Conv', 'const %w: float32[2, 1, 2, 2] = [1, 2, 3, 4, 5, 6, 7, 8]', 'Conv(%x, %w, %b)'],
    ['grouped Conv', 'const %w: float32[2, 1, 2, 2] = [1, 2, 3, 4, 5, 6, 7, 8]', 'Conv(%x2, %w) {group=2}'],
    ['ConvTranspose', 'const %w: float32[1, 2, 2, 1] = [1, 2, 3, 4]', 'ConvTranspose(%x, %w, %b)'],
    [
      'grouped ConvTranspose',
      'const %w: float32[2, 1, 1, 2] = [1, 2, 3, 4]',
      'ConvTranspose(%x2, %w) {group=2}',
    ],
  ])('%s', async (_, weights, node) => {
    const source = parse(`graph opset 21 {
      input %x: float32[1, 1, 4, 4]
      input %x2: float32[1, 2, 4, 4]
      ${weights}
      const %b: float32[2] = [0.3, -0.7]
      const %more: float32[2, 1, 1] = [0.11, 0.13]
      const %g: float32[2] = [1.7, -0.3]
      const %beta: float32[2] = [0.1, 0.9]
      const %mean: float32[2] = [0.21, -0.4]
      const %var: float32[2] = [0.9, 2.3]
      %c = ${node}
      %a = Add(%more, %c)
      %i = Identity(%a)
      %y = BatchNormalization(%i, %g, %beta, %mean, %var)
      output %y
    }`);
    const passes = [eliminateIdentity, fuseConvBias, foldBatchNorm];
    await fc.assert(
      fc.asyncProperty(seed, async (start) => {
        const { before, after, graph } = await beforeAndAfter(source, passes, start);
        expect(graph.nodes).toHaveLength(1);
        const [expected = [], actual = []] = [before[0], after[0]];
        const largest = Math.max(...expected.map(Math.abs));
        expected.forEach((value, i) => {
          expect(Math.abs(value - (actual[i] ?? Number.NaN))).toBeLessThan(2 ** -20 * largest);
        });
      }),
      RUNS,
    );
  });
});
