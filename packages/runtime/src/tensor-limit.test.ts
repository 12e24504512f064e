import { createModel, inferTypes, type Model, parse } from '@octavo/core/ir';
import { float32, int64 } from '@octavo/core/tensor';
import { reference } from '@octavo/reference';
import { describe, expect, it } from 'vitest';
import { createSession } from './create-session.js';

function modelOf(text: string): Model {
  const graph = parse(`graph opset 21 {\n${text}\n}`);
  inferTypes(graph);
  return createModel(graph);
}

const backends = [reference()];
const X = float32([1, 2, 3, 4]);

describe('the limit of a value', () => {
  it('is checked against what shapes say when the session is made', async () => {
    const model = modelOf(`
      input %x: float32[4]
      const %s: int64[2] = [3, 4]
      %y = Expand(%x, %s) @wide
      output %y`);
    const refused = createSession(model, { backends, maxTensorBytes: 47 });
    await expect(refused).rejects.toMatchObject({
      code: 'TENSOR_TOO_LARGE',
      where: 'node wide (Expand), output y',
    });
    const session = await createSession(model, { backends, maxTensorBytes: 48 });
    expect((await session.run({ x: X }))['y']?.shape).toEqual([3, 4]);
  });

  it('is checked before a node computes where only a run tells the shape', async () => {
    const model = modelOf(`
      input %x: float32[4]
      input %s: int64[1]
      %t = Tile(%x, %s) @tiles
      %y = Relu(%t)
      output %y`);
    const session = await createSession(model, { backends, maxTensorBytes: 64 });
    expect((await session.run({ x: X, s: int64([4]) }))['y']?.shape).toEqual([16]);
    await expect(session.run({ x: X, s: int64([5]) })).rejects.toMatchObject({
      code: 'TENSOR_TOO_LARGE',
      where: 'node tiles (Tile)',
    });
  });

  it('holds inside subgraphs, and for what loops stack', async () => {
    const model = modelOf(`
      input %x: float32[4]
      input %n: int64[]
      %y = Loop(%n, _) {body=graph (%c = %x) {
        input %i: int64[]
        input %go: bool[]
        %more = Identity(%go)
        %each = Relu(%c)
        output %more, %each
      }} @rounds
      output %y`);
    const session = await createSession(model, { backends, maxTensorBytes: 64 });
    expect((await session.run({ x: X, n: int64([4], []) }))['y']?.shape).toEqual([4, 4]);
    await expect(session.run({ x: X, n: int64([1e15], []) })).rejects.toMatchObject({
      code: 'TENSOR_TOO_LARGE',
      where: 'node rounds (Loop)',
    });
  });
});

describe('a loop', () => {
  it('ends after 2^20 rounds whatever its trip count', async () => {
    const model = modelOf(`
      input %n: int64[]
      const %zero: int64[] = 0
      %y = Loop(%n, _, %zero) {body=graph {
        input %i: int64[]
        input %go: bool[]
        input %before: int64[]
        output %go, %i
      }} @endless
      output %y`);
    const session = await createSession(model, { backends });
    expect((await session.run({ n: int64([5], []) }))['y']?.data).toEqual(BigInt64Array.of(4n));
    await expect(session.run({ n: int64([2 ** 40], []) })).rejects.toMatchObject({
      code: 'LOOP_ROUNDS',
      where: 'node endless (Loop)',
    });
  });
});
