import { createModel, inferTypes, type Model, parse } from '@octavo/core/ir';
import { float32, StoredTensor } from '@octavo/core/tensor';
import { decodeModel, encodeModel } from '@octavo/formats';
import { reference } from '@octavo/reference';
import { describe, expect, it } from 'vitest';
import { createSession } from './create-session.js';
import { createOnnxRuntimeSession } from './onnxruntime/index.node.js';

const SCALE = float32([1, -2, 3], [3]);

/** Scales `x` by the input `w`, then adds 1 to the negated `w`: a pass that took `w` for a constant would fold that. */
function scaling(): Model {
  const graph = parse(`graph main opset 13 {
    input %x: float32[N, 3]
    input %w: float32[3]
    const %one: float32[1] = [1]
    %product = Mul(%x, %w)
    %negated = Neg(%w)
    %offset = Add(%negated, %one)
    %y = Add(%product, %offset)
    output %y
  }`);
  inferTypes(graph);
  return createModel(graph);
}

/** The same, read from a file that gives `w` a default. */
function withDefault(): Model {
  const model = scaling();
  const w = model.graph.value('w');
  if (w) w.constant = StoredTensor.of(SCALE);
  return decodeModel(encodeModel(model), { constantInputs: 'keep' });
}

const X = float32([1, 2, 3, 4, 5, 6], [2, 3]);
const OTHER = float32([7, 0.5, -1], [3]);

describe('an input with a default', () => {
  it('takes it where nothing is fed, as on onnxruntime', async () => {
    const model = withDefault();
    using ours = await createSession(model, { backends: [reference()] });
    using theirs = await createOnnxRuntimeSession(model);
    const found = await ours.run({ x: X });
    expect(found).toEqual(await theirs.run({ x: X }));
    expect(ours.runSync({ x: X })).toEqual(found);
    expect(ours.inputs.map((port) => [port.name, port.default])).toEqual([
      ['x', undefined],
      ['w', SCALE],
    ]);
  });

  it('gives way to what is fed, as an input without one', async () => {
    using ours = await createSession(withDefault(), { backends: [reference()] });
    using plain = await createOnnxRuntimeSession(scaling());
    expect(await ours.run({ x: X, w: OTHER })).toEqual(await plain.run({ x: X, w: OTHER }));
    expect(await ours.run({ x: X })).toEqual(await plain.run({ x: X, w: SCALE }));
  });

  it('is no input of a session on onnxruntime', async () => {
    using theirs = await createOnnxRuntimeSession(withDefault());
    expect(theirs.inputs.map(({ name }) => name)).toEqual(['x']);
    await expect(theirs.run({ x: X, w: OTHER })).rejects.toMatchObject({ code: 'FEED_UNKNOWN' });
  });

  it('is not taken for an input that a feed misspells', async () => {
    using session = await createSession(withDefault(), { backends: [reference()] });
    const misspelt = { x: X, W: OTHER };
    await expect(session.run(misspelt)).rejects.toMatchObject({ code: 'FEED_UNKNOWN' });
    expect(() => session.runSync(misspelt)).toThrow('the model has no such input');
  });

  it('leaves the model its default', async () => {
    const model = withDefault();
    using session = await createSession(model, { backends: [reference()] });
    await session.prepare({ x: [4, 3] });
    expect(await model.graph.value('w')?.constant?.load()).toEqual(SCALE);
  });
});
