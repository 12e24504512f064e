import { type Graph, parse } from '@octavo/core/ir';
import { describe, expect, it } from 'vitest';
import { comparableWeights } from '../tests/full-range-products.node.js';
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
import { LayerPrecisions } from './layer-precisions.js';
import type { LayerRule } from './layer-rule.js';
import { RECIPE_DEFAULTS, type Recipe } from './recipe.js';

/** Three products in a row, the second in a branch that the first feeds. */
const NETWORK = `graph opset 17 {
  input %x: float32[1, 2, 6, 6]
  ${weights('w', [4, 2, 3, 3], 1, 18)}
  ${weights('b', [4], 2, 4)}
  const %shape: int64[2] = [1, -1]
  ${weights('v', [64, 32], 3, 64)}
  ${weights('u', [32, 32], 4, 32)}
  %c: float32[1, 4, 4, 4] = Conv(%x, %w, %b) @stem/conv
  %r: float32[1, 4, 4, 4] = Relu(%c)
  %f: float32[1, 64] = Reshape(%r, %shape) @flatten
  %h: float32[1, 32] = MatMul(%f, %v) @body/first
  %y: float32[1, 32] = MatMul(%h, %u) @head
  output %y
}`;

function precisionsOf(layers: readonly LayerRule[], recipe: Partial<Recipe> = {}) {
  const graph = parse(NETWORK);
  return { graph, precisions: new LayerPrecisions(graph, { ...RECIPE_DEFAULTS, ...recipe, layers }) };
}

function node(graph: Graph, name: string) {
  const found = graph.nodes.find((each) => each.name === name);
  if (!found) throw new Error(`no node ${name}`);
  return found;
}

/** Labels of the nodes that a rule matches. */
function matched(rule: LayerRule): string[] {
  const { graph, precisions } = precisionsOf([{ ...rule, weights: { dtype: 'int4' } }]);
  const changed = graph.nodes.filter((each) => {
    const { weights } = precisions.of(each);
    return weights !== 'float' && weights.dtype === 'int4';
  });
  return changed.map((each) => each.name || each.op.name);
}

describe('layer rules', () => {
  it.each([
    [{ nodes: ['stem/*'] }, ['stem/conv']],
    [{ nodes: ['MatMul'] }, ['body/first', 'head']],
    [{ ops: ['MatMul'] }, ['body/first', 'head']],
    [{ nodes: ['h'] }, ['body/first']],
    [{ nodes: ['r..h'] }, ['flatten', 'body/first']],
    [{ from: ['r'], to: ['h'] }, ['flatten', 'body/first']],
    [{ from: ['h'] }, ['head']],
    [{ to: ['c'] }, ['stem/conv']],
    [{ from: ['r'], ops: ['MatMul'], nodes: ['*first*'] }, ['body/first']],
    [{}, ['stem/conv', 'Relu', 'flatten', 'body/first', 'head']],
  ])('%j are about %j', (rule, names) => {
    expect(matched(rule)).toEqual(names);
  });

  it('change field by field, the later after the earlier', () => {
    const { graph, precisions } = precisionsOf([
      { ops: ['MatMul'], weights: { dtype: 'int4' }, activations: { dtype: 'int16' } },
      { nodes: ['head'], weights: { granularity: 'per-block', blockSize: 64 }, observer: 'mse' },
      { nodes: ['head'], activations: { symmetric: true } },
    ]);
    expect(precisions.of(node(graph, 'body/first'))).toEqual({
      weights: { dtype: 'int4', symmetric: true, granularity: 'per-channel', blockSize: 32 },
      activations: { dtype: 'int16', symmetric: false, observer: 'minmax' },
    });
    expect(precisions.of(node(graph, 'head'))).toEqual({
      weights: { dtype: 'int4', symmetric: true, granularity: 'per-block', blockSize: 64 },
      activations: { dtype: 'int16', symmetric: true, observer: 'mse' },
    });
  });

  it('keep nodes float, and take that back', () => {
    const { graph, precisions } = precisionsOf([
      { ops: ['MatMul'], keepFloat: true },
      { nodes: ['head'], keepFloat: false },
      { nodes: ['stem/*'], weights: 'float' },
    ]);
    const because = (name: string) => precisions.floatBecause(node(graph, name));
    expect(because('body/first')).toBe('kept in float by a layer rule');
    expect(because('head')).toBeUndefined();
    expect(because('stem/conv')).toBe('float weights by a layer rule');
  });

  it('name values that exist', async () => {
    expect(await codeOf(quantize(modelOf(NETWORK), { layers: [{ from: ['nothing'] }] }))).toBe(
      'RECIPE_LAYERS',
    );
  });

  it('have no activations in weight-only mode', async () => {
    const layers: LayerRule[] = [{ nodes: ['head'], activations: { dtype: 'uint8' } }];
    const recipe: Partial<Recipe> = { mode: 'weight-only', weights: 'int4' };
    expect(await codeOf(quantize(modelOf(NETWORK), { ...recipe, layers }))).toBe('RECIPE_LAYERS');
  });
});

const MIXES: readonly (readonly [string, Partial<Recipe>, readonly string[], number, number])[] = [
  [
    'int16 activations of one layer',
    { layers: [{ nodes: ['body/first'], activations: { dtype: 'int16', symmetric: true } }] },
    ['uint8', 'int16', 'int16', 'uint8'],
    21,
    30,
  ],
  [
    'four-bit blocks of the head',
    {
      layers: [
        { nodes: ['head'], weights: { dtype: 'int4', granularity: 'per-block' }, activations: 'float' },
      ],
    },
    ['uint8', 'uint8', 'uint8'],
    17,
    15,
  ],
  [
    'two-bit blocks of the head, dequantized',
    {
      weightOnlyFormat: 'qdq',
      layers: [{ nodes: ['head'], weights: { dtype: 'int2', granularity: 'per-block' } }],
    },
    ['uint8', 'uint8', 'uint8'],
    25,
    3,
  ],
  [
    'sixteen-bit weights and activations everywhere',
    { weights: 'int16', activations: 'uint16' },
    ['uint16', 'uint16', 'uint16', 'uint16'],
    21,
    70,
  ],
  [
    'a float layer in the middle',
    { layers: [{ nodes: ['body/first'], keepFloat: true }] },
    ['uint8', 'uint8'],
    17,
    30,
  ],
];

describe.each(MIXES)('a static model with %s', (_, recipe, quantizers, opset, least) => {
  it('runs alike on the reference and on onnxruntime, near to the float model', async () => {
    const source = modelOf(NETWORK);
    const { model } = await quantize(source, recipe);
    const types = model.graph.nodes
      .filter((each) => each.op.name === 'QuantizeLinear')
      .map((each) => each.output?.dtype);
    expect(types.sort()).toEqual([...quantizers].sort());
    expect(model.graph.opset).toBe(opset);
    const feeds = feedsOf(source.graph, 3);
    const ours = await runOnReference(model, feeds);
    expect(sqnrOf(await runOnReference(source, feeds), ours)).toBeGreaterThan(least);
    // Without fusion onnxruntime computes in float what the nodes say, on every processor.
    const theirs = await runOnOnnxRuntime(model, feeds, { optimization: 'disabled' });
    expect(sqnrOf(theirs, ours)).toBeGreaterThan(30);
  });
});

describe('dynamic and weight-only models with layer rules', () => {
  it.each([
    {
      mode: 'dynamic',
      layers: [
        { nodes: ['head'], activations: 'float', weights: { dtype: 'int4', granularity: 'per-block' } },
      ],
    },
    {
      mode: 'weight-only',
      weights: 'int4',
      layers: [{ nodes: ['head'], weights: { dtype: 'uint8', granularity: 'per-channel' } }],
    },
    { mode: 'weight-only', weights: 'int2', blockSize: 16, layers: [{ nodes: ['head'], keepFloat: true }] },
  ] satisfies Partial<Recipe>[])('run alike on both runtimes: %j', async (recipe) => {
    const source = modelOf(NETWORK);
    const { model } = await quantize(source, recipe);
    const feeds = feedsOf(source.graph, 3);
    const ours = await runOnReference(model, feeds);
    const least = recipe.weights === 'int2' ? 0 : 13;
    expect(sqnrOf(await runOnReference(source, feeds), ours)).toBeGreaterThan(least);
    const theirs = await runOnOnnxRuntime(comparableWeights(model), feeds, { optimization: 'disabled' });
    expect(sqnrOf(await runOnReference(model, feeds), theirs)).toBeGreaterThan(60);
  });
});
