import { createModel, inferTypes, type Model, parse } from '@octavo/core/ir';
import { StoredTensor, type Tensor, toNumbers } from '@octavo/core/tensor';
import { cpu } from '@octavo/cpu';
import { reference } from '@octavo/reference';
import { createSession } from '@octavo/runtime';
import { createOnnxRuntimeSession } from '@octavo/runtime/onnxruntime';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { describeWithAddon } from '../../packages/cpu/tests/addon.js';
import { integersIn, reals, seed } from '../conformance/random-tensors.js';

/** Q/DQ of a value with the given scale and zero point. */
const pair = (name: string, scale: number, zero: number) => `
  const %${name}_s: float32[] = ${scale}
  const %${name}_z: uint8[] = ${zero}
  %${name}_q = QuantizeLinear(%${name}, %${name}_s, %${name}_z)
  %${name}_d = DequantizeLinear(%${name}_q, %${name}_s, %${name}_z)`;

/** Weights with one scale a channel, and a bias with the scales of the sums. */
const parameters = (i: number, shape: string, channels: number, inputScale: number) => {
  const scales = Array.from({ length: channels }, (_, c) => Math.fround(0.004 + 0.001 * (c % 5)));
  const products = scales.map((scale) => Math.fround(Math.fround(inputScale) * scale));
  return `
  value %w${i}: int8[${shape}]
  const %ws${i}: float32[${channels}] = [${scales.join(', ')}]
  %wd${i} = DequantizeLinear(%w${i}, %ws${i}) {axis=0}
  value %b${i}: int32[${channels}]
  const %bs${i}: float32[${channels}] = [${products.join(', ')}]
  %bd${i} = DequantizeLinear(%b${i}, %bs${i}) {axis=0}`;
};

/** A convolutional network as quantizers write it: Relu, a residual, pools and float scores. */
function network(start: number): Model {
  const graph = parse(`graph opset 21 {
  input %x: float32[N, 3, 9, 8]
  ${pair('x', 0.016, 128)}
  ${parameters(0, '8, 3, 3, 3', 8, 0.016)}
  %c0 = Conv(%x_d, %wd0, %bd0) {pads=[1, 1, 1, 1]}
  %r0 = Relu(%c0)
  ${pair('r0', 0.021, 0)}
  ${parameters(1, '8, 1, 3, 3', 8, 0.021)}
  %c1 = Conv(%r0_d, %wd1, %bd1) {group=8, pads=[1, 1, 1, 1]}
  ${pair('c1', 0.03, 117)}
  %sum = Add(%c1_d, %r0_d)
  ${pair('sum', 0.041, 90)}
  %p = MaxPool(%sum_d) {kernel_shape=[2, 2], strides=[2, 2]}
  ${pair('p', 0.041, 90)}
  %g = GlobalAveragePool(%p_d)
  ${pair('g', 0.02, 100)}
  %f = Flatten(%g_d)
  ${pair('f', 0.02, 100)}
  ${parameters(2, '5, 8', 5, 0.02)}
  %y = Gemm(%f_d, %wd2, %bd2) {transB=1}
  output %y
}`);
  for (const value of graph.values) {
    const { shape, dtype } = value;
    if (value.producer || value.constant || !shape || graph.inputs.includes(value)) continue;
    const dims = shape.map(Number);
    const filled =
      dtype === 'int8'
        ? integersIn('int8', dims, start, -64, 64)
        : integersIn('int32', dims, start, -3000, 3000);
    value.constant = StoredTensor.of(filled);
  }
  inferTypes(graph);
  return createModel(graph);
}

const numbers = (tensor: Tensor | undefined) => Array.from(tensor ? toNumbers(tensor) : []);

describeWithAddon('sessions that prefer native kernels', () => {
  it('give the bits of the reference backend, and the scores of onnxruntime', async () => {
    await fc.assert(
      fc.asyncProperty(seed, async (start) => {
        const model = network(start);
        const x = reals([2, 3, 9, 8], start);
        using native = await createSession(model, { backends: [cpu(), reference()] });
        using plain = await createSession(model, { backends: [reference()] });
        for (const each of [native, plain]) await each.prepare({ x: x.shape });
        const found = numbers(native.runSync({ x })['y']);
        expect(found).toEqual(numbers(plain.runSync({ x })['y']));
        using theirs = await createOnnxRuntimeSession(model, { optimization: 'disabled' });
        const scores = numbers((await theirs.run({ x }))['y']);
        const [signal, noise] = found.reduce(
          ([s, n], value, i) => [s + (scores[i] ?? 0) ** 2, n + (value - (scores[i] ?? 0)) ** 2] as const,
          [0, 0] as readonly [number, number],
        );
        expect(10 * Math.log10(signal / Math.max(noise, 1e-30))).toBeGreaterThan(30);
      }),
      { numRuns: 8 },
    );
  });

  it('run every product natively', async () => {
    using session = await createSession(network(1), { backends: [cpu(), reference()] });
    const { nodes } = session.explain();
    const products = nodes.filter(({ op }) => op === 'Conv' || op === 'Gemm');
    expect(products.map(({ op, backend, dtype }) => [op, backend, dtype])).toEqual([
      ['Conv', 'cpu', 'uint8'],
      ['Conv', 'cpu', 'uint8'],
      ['Gemm', 'cpu', 'uint8'],
    ]);
    expect(nodes.filter(({ op }) => op === 'QuantizeLinear')).toHaveLength(1);
  });
});
