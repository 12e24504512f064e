import { inferTypes } from '@octavo/core/ir';
import { fromNumbers } from '@octavo/core/tensor';
import { describe, expect, it } from 'vitest';
import {
  codeOf,
  feedsOf,
  modelOf,
  quantize,
  runOnOnnxRuntime,
  runOnReference,
  sqnrOf,
  weights,
} from '../tests/run-models.js';
import type { Recipe } from './recipe.js';

const recurrent = (op: string, gates: number, directions: number) =>
  modelOf(`graph opset 12 {
    input %x: float32[5, 2, 16]
    ${weights('w', [directions, gates * 64, 16], 1, 16)}
    ${weights('r', [directions, gates * 64, 64], 2, 64)}
    ${weights('b', [directions, gates * 128], 3, 4)}
    %y, %h = ${op}(%x, %w, %r, %b) {hidden_size=64, direction="${directions === 2 ? 'bidirectional' : 'forward'}"} @cell
    output %y, %h
  }`);

const EMBEDDING = `graph opset 11 {
  input %ids: int64[2, 3]
  ${weights('table', [64, 32], 1, 4)}
  ${weights('m', [32, 32], 2, 32)}
  %e = Gather(%table, %ids) @embed
  %y = MatMul(%e, %m) @head
  output %y
}`;
const IDS = { ids: fromNumbers('int64', [2, 3], [0, 63, 7, 7, -1, 30]) };

describe.each(['dynamic', 'weight-only'] as const)('%s quantization', (mode) => {
  it.each([
    ...(mode === 'dynamic'
      ? []
      : ([
          ['LSTM', 4, 1],
          ['LSTM', 4, 2],
        ] as const)),
    ['GRU', 3, 2],
    ['RNN', 1, 1],
  ] as const)('keeps the weights of %s (%d gates, %d directions) in int8', async (op, gates, directions) => {
    const source = recurrent(op, gates, directions);
    const changes: Partial<Recipe> = { mode, weights: 'int8' };
    const { model, report } = await quantize(source, changes);
    const reason = mode === 'dynamic' ? `: onnxruntime has no quantized ${op}` : '';
    expect(report.decisions).toEqual([
      { node: 'cell', op, quantized: true, because: `int8 per-channel weights, float activations${reason}` },
    ]);
    const dtypes = model.graph.nodes.find((node) => node.op.name === op)?.inputs.slice(1, 3);
    expect(dtypes?.map((value) => value?.producer?.inputs[0]?.dtype)).toEqual(['int8', 'int8']);
    const feeds = feedsOf(source.graph, 1);
    const ours = await runOnReference(model, feeds);
    expect(sqnrOf(await runOnReference(source, feeds), ours)).toBeGreaterThan(30);
    expect(sqnrOf(ours, await runOnOnnxRuntime(model, feeds))).toBeGreaterThan(80);
  });

  it('keeps the rows of embeddings in int8, each with a scale', async () => {
    const source = modelOf(EMBEDDING);
    const { model, report, text } = await quantize(source, { mode, weights: 'int8' });
    expect(report.decisions.find(({ op }) => op === 'Gather')).toEqual({
      node: 'embed',
      op: 'Gather',
      quantized: true,
      because: 'int8 rows',
    });
    expect(text).not.toContain('%table: float32');
    inferTypes(model.graph);
    expect(model.graph.value('e')?.shape).toEqual([2, 3, 32]);
    const ours = await runOnReference(model, IDS);
    expect(sqnrOf(await runOnReference(source, IDS), ours)).toBeGreaterThan(35);
    expect(sqnrOf(ours, await runOnOnnxRuntime(model, IDS))).toBeGreaterThan(40);
  });

  it('leaves what is excluded, and knows when nothing is left', async () => {
    const source = modelOf(EMBEDDING);
    const { text } = await quantize(source, { mode, weights: 'int8', exclude: ['Gather'] });
    expect(text).toContain('%table: float32');
    expect(await codeOf(quantize(source, { mode, weights: 'int8', exclude: ['embed', 'head'] }))).toBe(
      'NOTHING_TO_QUANTIZE',
    );
  });
});

describe('rows of embeddings in blocks', () => {
  const asRule = (weights: object): Partial<Recipe> => ({
    mode: 'weight-only',
    layers: [{ ops: ['Gather'], weights }],
  });

  it.each([
    ['int4', true, 32],
    ['int4', false, 16],
    ['uint4', false, 16],
  ] as const)(
    'are what a layer rule asks for: %s, symmetric %s, in %d',
    async (dtype, symmetric, blockSize) => {
      const source = modelOf(EMBEDDING);
      const { model, report } = await quantize(source, asRule({ dtype, symmetric, blockSize }));
      expect(report.decisions.find(({ op }) => op === 'Gather')?.because).toContain(
        `${dtype} weights in blocks`,
      );
      expect(model.graph.opset).toBe(21);
      const gather = model.graph.nodes.find((node) => node.op.name === 'GatherBlockQuantized');
      expect(gather?.inputs.map((value) => value?.dtype)).toEqual([
        dtype,
        'int64',
        'float32',
        ...(symmetric ? [] : [dtype]),
      ]);
      const ours = await runOnReference(model, IDS);
      expect(sqnrOf(await runOnReference(source, IDS), ours)).toBeGreaterThan(15);
      expect(sqnrOf(ours, await runOnOnnxRuntime(model, IDS))).toBeGreaterThan(80);
    },
  );

  it('have 4 bits', async () => {
    const asked = quantize(modelOf(EMBEDDING), asRule({ dtype: 'int2' }));
    expect(await codeOf(asked)).toBe('RECIPE_LAYERS');
  });
});
