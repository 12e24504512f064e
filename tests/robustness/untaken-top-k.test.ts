import { createModel, parse } from '@octavo/core/ir';
import { float32, fromNumbers, toNumbers } from '@octavo/core/tensor';
import { cpu } from '@octavo/cpu';
import { reference } from '@octavo/reference';
import { createSession } from '@octavo/runtime';
import { describe, expect, it } from 'vitest';

const ONE_OF_TWO = (k: number) => `graph opset 21 {
  input %c: bool[]
  input %x: float32[4]
  %y = If(%c) {then_branch=graph (%v = %x) {
    %d = Neg(%v)
    output %d
  }, else_branch=graph (%v = %x) {
    const %k: int64[1] = [${k}]
    %t, _ = TopK(%v, %k) @top
    output %t
  }}
  output %y
}`;

const X = float32([1, 2, 3, 4]);

describe.each([
  ['reference', [reference()]],
  ['cpu, then reference', [cpu(), reference()]],
] as const)('on %s', (_, backends) => {
  it.each([
    [5, 'KERNEL_OPERAND'],
    [-9, 'TENSOR_SHAPE'],
  ])('a TopK that is to give %i of 4 elements fails only in the run that takes it', async (k, code) => {
    using session = await createSession(createModel(parse(ONE_OF_TWO(k))), { backends });
    const run = (c: number) => session.run({ c: fromNumbers('bool', [], [c]), x: X });
    const { y } = await run(1);
    expect(y && Array.from(toNumbers(y))).toEqual([-1, -2, -3, -4]);
    await expect(run(0)).rejects.toMatchObject({ code });
    expect((await run(1)).y?.shape).toEqual([4]);
  });
});
