import { parse, print, runPasses } from '@octavo/core/ir';
import { describe, expect, it } from 'vitest';
import { eliminateIdentity } from './index.js';

async function run(text: string) {
  const graph = parse(text);
  const [record] = await runPasses(graph, [eliminateIdentity], { verify: true });
  return { text: print(graph), declined: record?.declined ?? [] };
}

describe('eliminate-identity', () => {
  it.each([
    'Identity(%a)',
    'Dropout(%a)',
    'Dropout(%a, %ratio, %no)',
    'Cast(%a) {to=1}',
    'Transpose(%a) {perm=[0, 1]}',
    'Reshape(%a, %shape)',
    'Flatten(%a)',
    'Expand(%a, %ones)',
    'Concat(%a) {axis=0}',
    'Pad(%a, %nothing)',
  ])('removes %s', async (node) => {
    const { text } = await run(`graph opset 21 {
      input %x: float32[N, 3]
      const %shape: int64[2] = [0, 3]
      const %ones: int64[1] = [1]
      const %nothing: int64[4] = [0, 0, 0, 0]
      const %ratio: float32[] = 0.5
      const %no: bool[] = 0
      %a = Relu(%x)
      %b = ${node}
      %y = Neg(%b)
      output %y
    }`);
    expect(text).toContain('= Neg(%a)');
  });

  it('gives the name of a graph output to what computes it', async () => {
    const { text } = await run(
      'graph opset 21 { input %x: float32[2]\n%a = Relu(%x)\n%y = Identity(%a)\noutput %y }',
    );
    expect(text).toMatchInlineSnapshot(`
      "graph opset 21 {
        input %x: float32[2]
        %y: float32[2] = Relu(%x)
        output %y
      }
      "
    `);
  });

  it.each([
    ['%y = Identity(%x)\noutput %y', 'the graph output y would become the input x'],
    ['%a = Relu(%x)\n%y = Identity(%a)\noutput %a, %y', 'y and a are both graph outputs'],
    ['%a = Relu(%x)\n%y, %m = Dropout(%a)\noutput %y, %m', 'its output m is read'],
  ])('declines %j', async (body, reason) => {
    const { declined } = await run(`graph opset 21 { input %x: float32[2]\n${body} }`);
    expect(declined.map((each) => each.reason)).toEqual([reason]);
  });

  it('keeps what changes shape, type or order', async () => {
    const { text } = await run(`graph opset 21 {
      input %x: float32[?, 3]
      const %shape: int64[2] = [3, -1]
      const %yes: bool[] = 1
      %a = Reshape(%x, %shape)
      %b = Cast(%x) {to=10}
      %c = Transpose(%x)
      %d = Dropout(%x, _, %yes)
      output %a, %b, %c, %d
    }`);
    expect(text.match(/ = (Reshape|Cast|Transpose|Dropout)/g)).toHaveLength(4);
  });
});
