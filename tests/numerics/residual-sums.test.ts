import { createModel, inferTypes, parse } from '@octavo/core/ir';
import { toNumbers } from '@octavo/core/tensor';
import { cpu } from '@octavo/cpu';
import { reference } from '@octavo/reference';
import { createSession } from '@octavo/runtime';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { describeWithAddon } from '../../packages/cpu/tests/addon.js';
import { integersIn, seed } from '../conformance/random-tensors.js';

const PARAMETERS = `
  input %x: uint8[1, 4, 5, 6]
  const %xs: float32[] = 0.0131
  const %xz: uint8[] = 121
  const %w: int8[4, 4, 1, 1] = [13, -77, 100, 9, -1, 50, 33, -90, 127, -127, 5, 6, 60, -8, 31, 2]
  const %ws: float32[4] = [0.0071, 0.0193, 0.0031, 0.011]
  const %wz: int8[4] = [0, 0, 0, 0]
  const %ps: float32[] = 0.0317
  const %pz: uint8[] = 99
  const %ys: float32[] = 0.0213
  const %yz: uint8[] = 130`;

const MODELS = {
  QOperator: `graph opset 21, com.microsoft 1 {${PARAMETERS}
  %p = QLinearConv(%x, %xs, %xz, %w, %ws, %wz, %ps, %pz)
  %y = com.microsoft::QLinearAdd(%x, %xs, %xz, %p, %ps, %pz, %ys, %yz)
  output %y }`,
  QDQ: `graph opset 21 {${PARAMETERS}
  %xd = DequantizeLinear(%x, %xs, %xz)
  %wd = DequantizeLinear(%w, %ws, %wz) {axis=0}
  %c = Conv(%xd, %wd)
  %p = QuantizeLinear(%c, %ps, %pz)
  %pd = DequantizeLinear(%p, %ps, %pz)
  %s = Add(%xd, %pd)
  %y = QuantizeLinear(%s, %ys, %yz)
  output %y }`,
} as const;

describeWithAddon('the sum after a convolution', () => {
  it.each(Object.entries(MODELS))('is part of it in %s models, with the same bits', async (_, text) => {
    const graph = parse(text);
    inferTypes(graph);
    const model = createModel(graph);
    using onCpu = await createSession(model, { backends: [cpu()] });
    using onReference = await createSession(model, { backends: [reference()] });
    const sums = onCpu.explain().nodes.filter(({ op }) => op === 'Add');
    expect(sums.map(({ fusedInto }) => fusedInto)).toEqual([expect.any(String)]);
    await fc.assert(
      fc.asyncProperty(seed, async (start) => {
        const feeds = { x: integersIn('uint8', [1, 4, 5, 6], start, 0, 255) };
        const [found, expected] = await Promise.all([onCpu.run(feeds), onReference.run(feeds)]);
        expect(found['y'] && [...toNumbers(found['y'])]).toEqual(
          expected['y'] && [...toNumbers(expected['y'])],
        );
      }),
      { numRuns: 20 },
    );
  });
});
