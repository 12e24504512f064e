import { createModel, inferTypes, type Model, parse } from '@octavo/core/ir';
import { float32, fromNumbers, toNumbers } from '@octavo/core/tensor';
import { reference } from '@octavo/reference';
import { describe, expect, it } from 'vitest';
import { createSession } from './create-session.js';

/** `2 x` or `x` without its first column, which a vector does not have. */
const GRAPH = `graph opset 21 {
  input %c: bool[]
  input %x: float32[N, M]
  const %two: float32[] = [2]
  %a = Neg(%x)
  %y = If(%c) {then_branch=graph (%v = %a, %k = %two) {
    const %minus: float32[] = [-1]
    %d = Mul(%v, %k)
    %e = Mul(%d, %minus)
    output %e
  }, else_branch=graph (%v = %x) {
    const %axes: int64[1] = [1]
    %s = Squeeze(%v, %axes)
    output %s
  }} @choice
  output %y
}`;

function model(): Model {
  const graph = parse(GRAPH);
  inferTypes(graph);
  return createModel(graph);
}

const yes = fromNumbers('bool', [], [1]);
const no = fromNumbers('bool', [], [0]);

describe('If in a session', () => {
  it('runs the branch that its condition says, on captures and constants', async () => {
    using session = await createSession(model(), { backends: [reference()] });
    const x = float32([1, 2, 3], [3, 1]);
    const [{ y: doubled }, { y: squeezed }] = [
      await session.run({ c: yes, x }),
      await session.run({ c: no, x }),
    ];
    expect(doubled && Array.from(toNumbers(doubled))).toEqual([2, 4, 6]);
    expect(squeezed?.shape).toEqual([3]);
    const choice = session.explain().nodes.find(({ node }) => node === 'choice');
    expect(choice).toMatchObject({
      backend: 'runtime',
      kernel: 'then 2 nodes on reference, else 1 node on reference',
    });
  });

  it('minds that a branch does not fit its captures only where it is taken', async () => {
    using session = await createSession(model(), { backends: [reference()] });
    const x = float32([1, 2, 3, 4], [2, 2]);
    const { y } = await session.run({ c: yes, x });
    expect(y && Array.from(toNumbers(y))).toEqual([2, 4, 6, 8]);
    await expect(session.run({ c: no, x })).rejects.toMatchObject({ code: 'INFER_TYPES' });
  });
});
