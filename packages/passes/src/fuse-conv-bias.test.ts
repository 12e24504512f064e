import { parse, print, runPasses } from '@octavo/core/ir';
import { describe, expect, it } from 'vitest';
import { fuseConvBias } from './index.js';

async function fuse(body: string) {
  const graph = parse(`graph opset 21 {
    input %x: float32[1, 1, 2, 2]
    const %w: float32[2, 1, 1, 1] = [10, 20]
    ${body}
    output %y
  }`);
  const [record] = await runPasses(graph, [fuseConvBias], { verify: true });
  return { text: print(graph), declined: record?.declined ?? [] };
}

describe('fuse-conv-bias', () => {
  it('makes an added constant the bias, whichever side it is on', async () => {
    const { text } = await fuse(`
      const %a: float32[2, 1, 1] = [1, 2]
      %c = Conv(%x, %w)
      %y = Add(%a, %c)`);
    expect(text).toMatchInlineSnapshot(`
      "graph opset 21 {
        input %x: float32[1, 1, 2, 2]
        const %w: float32[2, 1, 1, 1] = [10, 20]
        const %c_bias: float32[2] = [1, 2]
        %y = Conv(%x, %w, %c_bias)
        output %y
      }
      "
    `);
  });

  it('adds to a bias that is there; a scalar counts for every channel', async () => {
    const { text } = await fuse(`
      const %a: float32[] = 5
      const %b: float32[2] = [1, 2]
      %c = Conv(%x, %w, %b)
      %y = Add(%c, %a)`);
    expect(text).toContain('const %b: float32[2] = [6, 7]');
    expect(text).toContain('%y = Conv(%x, %w, %b)');
  });

  it.each([
    [
      'const %a: float32[2, 2] = [1, 2, 3, 4]\n%c = Conv(%x, %w)\n%y = Add(%c, %a)',
      'a is not one number a channel',
    ],
    [
      'const %a: float32[] = 1\n%c = Conv(%x, %w)\n%d = Neg(%c)\n%y = Add(%c, %a)\noutput %d',
      'the result of Conv(c) is read elsewhere too',
    ],
  ])('declines %j', async (body, reason) => {
    const { declined } = await fuse(body);
    expect(declined.map((each) => each.reason)).toEqual([reason]);
  });
});
