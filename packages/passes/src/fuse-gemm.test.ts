import { parse, print, runPasses } from '@octavo/core/ir';
import { describe, expect, it } from 'vitest';
import { fuseGemm } from './index.js';

async function fuse(body: string) {
  const graph = parse(`graph opset 21 {
    input %x: float32[N, 2]
    const %w: float32[2, 3] = [1, 2, 3, 4, 5, 6]
    const %b: float32[3] = [7, 8, 9]
    ${body}
  }`);
  const [record] = await runPasses(graph, [fuseGemm], { verify: true });
  return { text: print(graph), declined: record?.declined.map((each) => each.reason) };
}

describe('fuse-gemm', () => {
  it('makes MatMul and Add of a constant one Gemm', async () => {
    const { text } = await fuse('%m = MatMul(%x, %w)\n%y: float32[N, 3] = Add(%b, %m)\noutput %y');
    expect(text).toMatchInlineSnapshot(`
      "graph opset 21 {
        input %x: float32[N, 2]
        const %w: float32[2, 3] = [1, 2, 3, 4, 5, 6]
        const %b: float32[3] = [7, 8, 9]
        %y: float32[N, 3] = Gemm(%x, %w, %b)
        output %y
      }
      "
    `);
  });

  it.each([
    [
      '%m = MatMul(%x, %w)\n%y = Add(%m, %s)\nconst %s: float32[] = 1\noutput %y',
      's is not one number a column',
    ],
    ['%m = MatMul(%x, %w)\n%y = Add(%m, %b)\noutput %y, %m', 'the product is read elsewhere too'],
    [
      '%m = MatMul(%z, %w)\n%y = Add(%m, %b)\ninput %z: float32[N, S, 2]\noutput %y',
      'its operands are no matrices',
    ],
    [
      '%m = MatMul(%i, %v)\n%y = Add(%m, %c)\ninput %i: int32[N, 1]\nconst %v: int32[1, 1] = [2]\nconst %c: int32[1] = [3]\noutput %y',
      'it multiplies int32, and runtimes have Gemm for floats only',
    ],
  ])('declines %j', async (body, reason) => {
    expect((await fuse(body)).declined).toEqual([reason]);
  });
});
