import { inferTypes, type Pass, parse, print, runPasses } from '@octavo/core/ir';
import { describe, expect, it } from 'vitest';
import { pushTransposes, simplifyMovement } from './index.js';

async function run(passes: readonly Pass[], body: string) {
  const graph = parse(`graph opset 21 {\n${body}\n}`);
  inferTypes(graph);
  const records = await runPasses(graph, passes, { verify: true });
  return {
    text: print(graph),
    declined: records.flatMap(({ declined }) => declined.map(({ reason }) => reason)),
  };
}

describe('simplify-movement', () => {
  it('merges transposes, reshapes and lossless casts', async () => {
    const { text } = await run(
      [simplifyMovement],
      `input %x: float32[2, 3, 4]
      input %i: int8[2]
      const %flat: int64[1] = [-1]
      const %shape: int64[2] = [6, 4]
      %a = Transpose(%x) {perm=[1, 2, 0]}
      %y = Transpose(%a) {perm=[1, 0, 2]}
      %b = Reshape(%x, %flat)
      %z = Reshape(%b, %shape)
      %c = Cast(%i) {to=7}
      %w = Cast(%c) {to=1}
      output %y, %z, %w`,
    );
    expect(text).toMatchInlineSnapshot(`
      "graph opset 21 {
        input %x: float32[2, 3, 4]
        input %i: int8[2]
        const %shape_2: int64[2] = [6, 4]
        %y: float32[4, 3, 2] = Transpose(%x) {perm=[2, 1, 0]}
        %z: float32[6, 4] = Reshape(%x, %shape_2)
        %w: float32[2] = Cast(%i) {to=1, saturate=1, round_mode="up"}
        output %y, %z, %w
      }
      "
    `);
  });

  it('turns a transpose that moves only axes of size 1 into a reshape', async () => {
    const { text } = await run(
      [simplifyMovement],
      'input %x: float32[1, 3, 1, 4]\n%y = Transpose(%x) {perm=[0, 2, 1, 3]}\noutput %y',
    );
    expect(text).toMatchInlineSnapshot(`
      "graph opset 21 {
        input %x: float32[1, 3, 1, 4]
        const %shape: int64[4] = [1, 1, 3, 4]
        %y: float32[1, 1, 3, 4] = Reshape(%x, %shape)
        output %y
      }
      "
    `);
  });

  it('keeps casts that lose something and reshapes of open sizes', async () => {
    const { declined } = await run(
      [simplifyMovement],
      `input %x: float32[A, B, 4]
      const %s: int64[3] = [0, 0, 4]
      %c = Cast(%x) {to=7}
      %y = Cast(%c) {to=1}
      %r = Reshape(%x, %s)
      %z = Reshape(%r, %s)
      output %y, %z`,
    );
    expect(declined).toEqual([
      'int64 does not hold every float32',
      'several dimensions of its result are open',
    ]);
  });
});

const NHWC = `
  input %x: float32[1, 3, 4, 5]
  const %two: float32[] = 2
  %t = Transpose(%x) {perm=[0, 2, 3, 1]}
  %r = Relu(%t)
  %m = Mul(%r, %two)`;

describe('push-transposes', () => {
  it('moves a transpose behind elementwise ops to the one that undoes it', async () => {
    const { text } = await run(
      [pushTransposes, simplifyMovement],
      `${NHWC}\n%y = Transpose(%m) {perm=[0, 3, 1, 2]}\noutput %y`,
    );
    expect(text).toMatchInlineSnapshot(`
      "graph opset 21 {
        input %x: float32[1, 3, 4, 5]
        const %two: float32[] = 2
        %r_before: float32[1, 3, 4, 5] = Relu(%x)
        %m_before: float32[1, 3, 4, 5] = Mul(%r_before, %two)
        %y: float32[1, 3, 4, 5] = Transpose(%m_before) {perm=[0, 1, 2, 3]}
        output %y
      }
      "
    `);
  });

  it('moves both operands of a binary op', async () => {
    const { text } = await run(
      [pushTransposes],
      `${NHWC.replace('%m = Mul(%r, %two)', '%m = Add(%r, %r)')}\n%y = Transpose(%m) {perm=[0, 3, 1, 2]}\noutput %y`,
    );
    expect(text).toMatchInlineSnapshot(`
      "graph opset 21 {
        input %x: float32[1, 3, 4, 5]
        const %two: float32[] = 2
        %r_before: float32[1, 3, 4, 5] = Relu(%x)
        %m_before: float32[1, 3, 4, 5] = Add(%r_before, %r_before)
        %m: float32[1, 4, 5, 3] = Transpose(%m_before) {perm=[0, 2, 3, 1]}
        %y: float32[1, 3, 4, 5] = Transpose(%m) {perm=[0, 3, 1, 2]}
        output %y
      }
      "
    `);
  });

  it('stays where no transpose follows, or another node reads it', async () => {
    const { declined } = await run([pushTransposes], `${NHWC}\n%y = Neg(%m)\noutput %y`);
    expect(declined).toEqual(['no Transpose follows that it could meet']);
    const read = await run(
      [pushTransposes],
      `${NHWC}\n%y = Transpose(%m) {perm=[0, 3, 1, 2]}\noutput %y, %t`,
    );
    expect(read.declined).toEqual(['t is read elsewhere too']);
  });
});
