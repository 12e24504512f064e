import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { MatMulBnb4, MatMulNBits } from '@octavo/core/ir';
import { type Tensor, toNumbers } from '@octavo/core/tensor';
import { decodeModel, readTensorProto } from '@octavo/formats';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { testData } from '../../packages/formats/tests/test-data.node.js';
import { expectAgreement } from './agreement.js';
import { runEach, runReference, trial } from './both-runtimes.js';
import { difference } from './difference.js';
import { integersIn, reals, scales, seed } from './random-tensors.js';

const folder = testData('conformance/matmulnbits_ort') ?? '';
const cases = folder ? readdirSync(folder) : [];

describe.skipIf(cases.length === 0)('MatMulNBits models that onnxruntime computed', () => {
  it.each(cases)('%s', async (name) => {
    const { graph } = decodeModel(readFileSync(join(folder, name, 'model.onnx')));
    const set = join(folder, name, 'test_data_set_0');
    const read = (file: string) => readTensorProto(readFileSync(join(set, file)));
    const outputs = await runReference(
      graph,
      graph.inputs.map((_, i) => read(`input_${i}.pb`)),
    );
    expect(outputs.map((tensor, i) => difference(read(`output_${i}.pb`), tensor))).toEqual([undefined]);
  });
});

describe('MatMulNBits agrees with onnxruntime', () => {
  /** onnxruntime has no int8 kernel for 2-bit weights and computes those exactly. */
  const mode = fc.constantFrom(
    { bits: 2, accuracy_level: 0 },
    { bits: 4, accuracy_level: 0 },
    { bits: 8, accuracy_level: 0 },
    { bits: 4, accuracy_level: 4 },
    { bits: 8, accuracy_level: 4 },
  );
  const layout = fc.record({
    block_size: fc.constantFrom(16, 32, 64),
    K: fc.integer({ min: 1, max: 100 }),
    N: fc.integer({ min: 1, max: 9 }),
  });

  it('in both compute modes, with packed and default zero points', async () => {
    await fc.assert(
      fc.asyncProperty(mode, layout, fc.boolean(), seed, async (chosen, placed, withZeroPoints, start) => {
        const attributes = { ...chosen, ...placed };
        const { bits, block_size: size, K, N } = attributes;
        const blocks = Math.ceil(K / size);
        const { all, theirs } = await runEach(
          trial(({ graph, input, constant }) => {
            const zero = integersIn('uint8', [N * Math.ceil((blocks * bits) / 8)], start + 2, 0, 255);
            return graph.emit(
              MatMulNBits,
              {
                A: input(reals([3, K], start)),
                B: constant(integersIn('uint8', [N, blocks, (size * bits) / 8], start + 1, 0, 255)),
                scales: constant(scales(N * blocks, start)),
                zero_points: withZeroPoints ? constant(zero) : undefined,
                bias: constant(reals([N], start + 3)),
              },
              attributes,
            ).outputs;
          }),
        );
        const numbersOf = ([tensor]: readonly Tensor[]) => Array.from(tensor ? toNumbers(tensor) : []);
        const expected = numbersOf(theirs);
        for (const ours of all) {
          const error = Math.hypot(...numbersOf(ours).map((x, i) => x - (expected[i] ?? Number.NaN)));
          expect(error).toBeLessThanOrEqual(1e-5 * Math.hypot(...expected));
        }
      }),
      { numRuns: 40 },
    );
  });
});

describe('MatMulBnb4 agrees with onnxruntime', () => {
  it('with both tables, blocks that end inside a row, and odd counts', async () => {
    const layout = fc.record({
      block_size: fc.constantFrom(16, 32, 64),
      K: fc.integer({ min: 1, max: 100 }),
      N: fc.integer({ min: 1, max: 9 }),
      quant_type: fc.constantFrom(0, 1),
    });
    await fc.assert(
      fc.asyncProperty(layout, seed, (attributes, start) => {
        const { block_size: size, K, N } = attributes;
        const codes = integersIn('uint8', [Math.ceil((N * K) / 2)], start + 1, 0, 255);
        return expectAgreement(
          trial(({ graph, input, constant }) => {
            const operands = {
              A: input(reals([2, 3, K], start)),
              B: constant(codes),
              absmax: constant(reals([Math.ceil((N * K) / size)], start + 2)),
            };
            return graph.emit(MatMulBnb4, operands, attributes).outputs;
          }),
          1e-5,
        );
      }),
      { numRuns: 20 },
    );
  });
});
