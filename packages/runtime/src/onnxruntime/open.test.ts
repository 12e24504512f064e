import { createModel, inferTypes, parse } from '@octavo/core/ir';
import { fromNumbers } from '@octavo/core/tensor';
import { encodeModel } from '@octavo/formats';
import type { InferenceSession } from 'onnxruntime-common';
import { InferenceSession as Ort, Tensor as OrtTensor } from 'onnxruntime-node';
import { describe, expect, it } from 'vitest';
import { type OnnxRuntimeBuild, openOnBuild } from './open.js';
import type { OnnxRuntimeOptions } from './options.js';

const PRODUCT = `graph main opset 21 {
  input %x: uint8[1, 2]
  const %w: int8[2, 1] = [3, 5]
  %y: int32[1, 1] = MatMulInteger(%x, %w)
  output %y
}`;

/** onnxruntime on a processor for which it refuses exact products; `multiply` is what the processor does without them. */
function refusing(multiply: (sum: number) => number): OnnxRuntimeBuild {
  return {
    tensor: OrtTensor,
    open: async (source, options) => {
      if (options.extra?.['session'] && JSON.stringify(options.extra).includes('"x64quantprecision":"1"'))
        throw new Error('Attempt to replace the existing tensor');
      if (typeof source === 'string') throw new Error('a model was expected');
      const session = await Ort.create(encodeModel(source), options);
      const run: InferenceSession['run'] = async (feeds: InferenceSession.OnnxValueMapType) => {
        const { y } = await session.run(feeds);
        const sums = Int32Array.from(y?.data as Int32Array, multiply);
        return { y: new OrtTensor('int32', sums, y?.dims ?? []) };
      };
      return Object.assign(Object.create(session), { run, release: () => session.release() });
    },
  };
}

function product() {
  const graph = parse(PRODUCT);
  inferTypes(graph);
  return createModel(graph);
}

describe('a model whose exact form onnxruntime refuses', () => {
  it('opens as it comes where the processor multiplies exactly', async () => {
    using session = await openOnBuild(product(), {}, async () => refusing((sum) => sum));
    const { y } = await session.run({ x: fromNumbers('uint8', [1, 2], [7, 11]) });
    expect(y).toEqual(fromNumbers('int32', [1, 1], [7 * 3 + 11 * 5]));
  });

  /** The options of every session that opening a product takes on a processor that multiplies exactly. */
  async function asked(options: OnnxRuntimeOptions): Promise<unknown[]> {
    const found: unknown[] = [];
    const build: OnnxRuntimeBuild = {
      tensor: OrtTensor,
      open: (source, options) => {
        if (typeof source === 'string') throw new Error('a model was expected');
        found.push(options.extra?.['session']);
        return Ort.create(encodeModel(source), {
          ...options,
          extra: { session: { x64quantprecision: '1' } },
        });
      },
    };
    using session = await openOnBuild(product(), options, async () => build);
    expect(session.outputs.map(({ name }) => name)).toEqual(['y']);
    return found;
  }

  it('is never rewritten where the processor multiplies exactly', async () => {
    const asItComes = { x64quantprecision: '0' };
    for (const optimization of ['extended', 'all'] as const)
      expect(await asked({ optimization })).toEqual([asItComes, asItComes]);
  });

  it('opens at once at levels where nothing is rewritten', async () => {
    for (const optimization of ['disabled', 'basic'] as const)
      expect(await asked({ optimization })).toEqual([{ x64quantprecision: '0' }]);
  });

  it('is opened exactly, and refused, where products would saturate', async () => {
    const saturates = async () => refusing((sum) => Math.min(sum, 32 * 32767));
    await expect(openOnBuild(product(), {}, saturates)).rejects.toMatchObject({
      code: 'ORT_LOAD',
      fault: expect.stringContaining('Attempt to replace'),
    });
    using session = await openOnBuild(product(), { exact: false }, saturates);
    expect(session.outputs.map(({ name }) => name)).toEqual(['y']);
  });
});
