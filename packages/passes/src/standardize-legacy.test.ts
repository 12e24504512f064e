import { inferTypes, parse, print, runPasses } from '@octavo/core/ir';
import { expect, it } from 'vitest';
import { standardizeLegacy } from './index.js';

it('standardize-legacy writes experimental ops as products, sums and slices', async () => {
  const graph = parse(`graph opset 8 {
    input %x: float32[1, 2, 5, 6]
    %s = ImageScaler(%x) {scale=2.0, bias=[1.0, -1.0]} @scaler
    %c = Crop(%s) {border=[1, 0, 2, 1]} @crop
    %y = Affine(%c) {alpha=0.5, beta=3.0} @affine
    output %y
  }`);
  inferTypes(graph);
  const [record] = await runPasses(graph, [standardizeLegacy], { verify: true });
  expect(record?.fired.map(({ place }) => place)).toEqual(['scaler', 'crop', 'affine']);
  expect(print(graph)).toMatchInlineSnapshot(`
    "graph opset 8 {
      input %x: float32[1, 2, 5, 6]
      const %s_scale: float32[] = 2
      const %s_shift: float32[2, 1, 1] = [1, -1]
      const %y_scale: float32[] = 0.5
      const %y_shift: float32[] = 3
      %Mul = Mul(%x, %s_scale)
      %s: float32[1, 2, 5, 6] = Add(%Mul, %s_shift) @scaler
      %c: float32[1, 2, 4, 3] = Slice(%s) {starts=[0, 1], ends=[-1, -2], axes=[2, 3]} @crop
      %Mul_2 = Mul(%c, %y_scale)
      %y: float32[1, 2, 4, 3] = Add(%Mul_2, %y_shift) @affine
      output %y
    }
    "
  `);
});
