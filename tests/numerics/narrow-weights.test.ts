import { createModel, inferTypes, parse } from '@octavo/core/ir';
import { fromNumbers, StoredTensor, type Tensor, toNumbers } from '@octavo/core/tensor';
import { cpu } from '@octavo/cpu';
import { reference } from '@octavo/reference';
import { createSession } from '@octavo/runtime';
import { createOnnxRuntimeSession } from '@octavo/runtime/onnxruntime';
import { expect, it } from 'vitest';
import { describeWithAddon } from '../../packages/cpu/tests/addon.js';
import { integersIn, reals } from '../conformance/random-tensors.js';

/** Weights of fewer than 8 bits, by their smallest and largest number. */
const RANGES = { int4: [-8, 7], uint4: [0, 15], int2: [-2, 1], uint2: [0, 3] } as const;
type Narrow = keyof typeof RANGES;

/** Weights with one scale and zero point a channel along `axis`, dequantized. */
const weights = (dtype: Narrow, shape: string, channels: number, axis: number) => {
  const [, max] = RANGES[dtype];
  const each = (number: (c: number) => number) => Array.from({ length: channels }, (_, c) => number(c));
  return `
  value %w: ${dtype}[${shape}]
  const %ws: float32[${channels}] = [${each((c) => 0.02 + 0.01 * (c % 5)).join(', ')}]
  const %wz: ${dtype}[${channels}] = [${each((c) => (c % 3 === 0 ? 0 : max - (c % 2))).join(', ')}]
  %wd = DequantizeLinear(%w, %ws, %wz) {axis=${axis}}`;
};

const whole = (dtype: Narrow, shape: string) => `
  value %w: ${dtype}[${shape}]
  const %ws: float32[] = 0.04
  const %wz: ${dtype}[] = 1
  %wd = DequantizeLinear(%w, %ws, %wz)`;

const around = (input: string, product: string) => `
  input %x: float32[${input}]
  const %xs: float32[] = 0.016
  const %xz: uint8[] = 121
  const %ys: float32[] = 0.031
  const %yz: uint8[] = 120
  %xq = QuantizeLinear(%x, %xs, %xz)
  %xd = DequantizeLinear(%xq, %xs, %xz)
  ${product}
  %yq = QuantizeLinear(%p, %ys, %yz)
  %y = DequantizeLinear(%yq, %ys, %yz)
  output %y`;

/** Models of Q/DQ pairs, by the op between them. */
const PAIRS: Readonly<Record<string, (dtype: Narrow) => string>> = {
  Conv: (dtype) =>
    around(
      '2, 5, 9, 8',
      `${weights(dtype, '7, 5, 3, 3', 7, 0)}\n%p = Conv(%xd, %wd) {pads=[1, 1, 1, 1], strides=[2, 1]}`,
    ),
  'Conv by depth': (dtype) =>
    around(
      '1, 5, 9, 8',
      `${weights(dtype, '5, 1, 3, 3', 5, 0)}\n%p = Conv(%xd, %wd) {group=5, pads=[1, 1, 1, 1]}`,
    ),
  ConvTranspose: (dtype) =>
    around('1, 5, 4, 3', `${whole(dtype, '5, 3, 3, 3')}\n%p = ConvTranspose(%xd, %wd) {strides=[2, 2]}`),
  Gemm: (dtype) => around('5, 37', `${weights(dtype, '11, 37', 11, 0)}\n%p = Gemm(%xd, %wd) {transB=1}`),
  MatMul: (dtype) => around('2, 5, 37', `${weights(dtype, '37, 11', 11, 1)}\n%p = MatMul(%xd, %wd)`),
  'MatMul of stacks': (dtype) => around('2, 5, 37', `${whole(dtype, '2, 37, 11')}\n%p = MatMul(%xd, %wd)`),
};

/** The same pseudo-random weights every time, over the whole range of their type. */
function modelOf(dtype: Narrow, text: string) {
  const graph = parse(`graph opset ${dtype.endsWith('4') ? 21 : 25} {${text}\n}`);
  const w = graph.value('w');
  const shape = (w?.shape ?? []).map(Number);
  const [min, max] = RANGES[dtype];
  if (w)
    w.constant = StoredTensor.of(
      fromNumbers(dtype, shape, toNumbers(integersIn('int8', shape, 11, min, max))),
    );
  inferTypes(graph);
  return { model: createModel(graph), input: (graph.inputs[0]?.shape ?? []).map(Number) };
}

/** The steps of the output between two tensors, where they differ. */
function steps(found: Tensor | undefined, expected: Tensor | undefined): readonly number[] {
  if (!found || !expected) throw new Error('an output is missing');
  const other = toNumbers(expected);
  return Array.from(toNumbers(found), (y, i) => Math.abs(y - (other[i] ?? Number.NaN)) / 0.031).filter(
    Boolean,
  );
}

describeWithAddon('weights of fewer than 8 bits times activations of 8 bits', () => {
  const cases = Object.entries(PAIRS).flatMap(([op, text]) =>
    (['int4', 'uint4', 'int2', 'uint2'] as const).map((dtype) => ({ op, dtype, text: text(dtype) })),
  );

  it.each(cases)('are multiplied natively in $op by $dtype, with the bits of the reference', async (each) => {
    const { model, input } = modelOf(each.dtype, each.text);
    using onCpu = await createSession(model, { backends: [cpu()] });
    using onReference = await createSession(model, { backends: [reference()] });
    expect(onCpu.explain().nodes.map(({ op, dtype }) => `${op} ${dtype}`)).toContain(
      `${each.op.split(' ')[0]} uint8`,
    );
    const feeds = { x: reals(input, 5) };
    const [found, expected] = await Promise.all([onCpu.run(feeds), onReference.run(feeds)]);
    expect(new Set(found['y'] && toNumbers(found['y'])).size).toBeGreaterThan(20);
    expect(steps(found['y'], expected['y'])).toEqual([]);
  });

  it.each(cases.filter(({ dtype }) => dtype.endsWith('4')))(
    'give in $op by $dtype what onnxruntime gives, but for ties',
    async (each) => {
      const { model, input } = modelOf(each.dtype, each.text);
      using onCpu = await createSession(model, { backends: [cpu()] });
      using theirs = await createOnnxRuntimeSession(model);
      const feeds = { x: reals(input, 6) };
      const [found, expected] = await Promise.all([onCpu.run(feeds), theirs.run(feeds)]);
      const differences = steps(found['y'], expected['y']);
      expect(differences.filter((step) => step > 1.001)).toEqual([]);
      expect(differences.length).toBeLessThanOrEqual((found['y']?.size ?? 0) / 100);
    },
  );
});
