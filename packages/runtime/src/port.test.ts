import { createModel, parse } from '@octavo/core/ir';
import { float32 } from '@octavo/core/tensor';
import { reference } from '@octavo/reference';
import { describe, expect, it } from 'vitest';
import { createSession } from './create-session.js';

/** The ports of the outputs of a model that adds a batch to itself, with this type declared of the sum. */
async function declared(type: string) {
  const graph = parse(`graph opset 21 {
    input %x: float32[batch, 2]
    %y${type} = Add(%x, %x)
    output %y
  }`);
  using session = await createSession(createModel(graph), { backends: [reference()] });
  expect((await session.run({ x: float32([1, 2, 3, 4], [2, 2]) }))['y']?.shape).toEqual([2, 2]);
  return session.outputs;
}

describe('the outputs of a session', () => {
  it('are as declared where an input leaves a dimension out', async () => {
    const graph = parse(`graph opset 21 { input %x: float32[?, N]
      %y: float32[some, N] = Neg(%x)
      output %y }`);
    using session = await createSession(createModel(graph), { backends: [reference()] });
    expect(session.outputs).toEqual([{ name: 'y', dtype: 'float32', shape: ['some', 'N'] }]);
    expect(session.inputs).toEqual([{ name: 'x', dtype: 'float32', shape: [null, 'N'] }]);
  });

  it('are the same whether or not values are tapped', async () => {
    const graph = parse(`graph opset 21 { input %x: float32[N]
      %y: float32[many] = Neg(%x)
      output %y }`);
    const options = { backends: [reference()] };
    using plain = await createSession(createModel(graph), options);
    using tapped = await createSession(createModel(graph), { ...options, taps: ['y'] });
    expect(plain.outputs).toEqual([{ name: 'y', dtype: 'float32', shape: ['many'] }]);
    expect(tapped.outputs).toEqual(plain.outputs);
  });

  it.each([
    ['as the model declares them', ': float32[many, 2]', ['many', 2]],
    ['inferred where it declares nothing', '', ['batch', 2]],
    ['inferred where it leaves a dimension out', ': float32[?, 2]', ['batch', 2]],
    ['inferred where it declares a size that is not so', ': float32[batch, 3]', ['batch', 2]],
    ['inferred where it declares a rank that is not so', ': float32[batch]', ['batch', 2]],
    ['inferred where it declares another size of a dimension', ': float32[batch, batch]', ['batch', 2]],
  ])('are %s', async (_, type, shape) => {
    expect(await declared(type)).toEqual([{ name: 'y', dtype: 'float32', shape }]);
  });

  it('have the type that the model computes', async () => {
    expect(await declared(': int64[batch, 2]')).toEqual([
      { name: 'y', dtype: 'float32', shape: ['batch', 2] },
    ]);
  });
});
