import { inferTypes, type Model } from '@octavo/core/ir';
import { StoredTensor, toNumbers } from '@octavo/core/tensor';
import { describe, expect, it } from 'vitest';
import { comparableWeights } from '../tests/full-range-products.node.js';
import {
  feedsOf,
  modelOf,
  quantize,
  runOnOnnxRuntime,
  runOnReference,
  sqnrOf,
  weights,
} from '../tests/run-models.js';
import type { LayerRule } from './layer-rule.js';
import type { Recipe } from './recipe.js';

interface Form {
  readonly directions?: 1 | 2;
  readonly attributes?: string;
  readonly outputs?: string;
}

const lstm = ({ directions = 1, attributes = '', outputs = '%y, %h, %c' }: Form = {}) =>
  modelOf(`graph opset 14 {
    input %x: float32[5, 2, 16]
    input %h0: float32[${directions}, 2, 64]
    ${weights('w', [directions, 256, 16], 1, 16)}
    ${weights('r', [directions, 256, 64], 2, 64)}
    ${weights('b', [directions, 512], 3, 4)}
    ${weights('p', [directions, 192], 4, 4)}
    ${outputs} = LSTM(%x, %w, %r, %b, _, %h0, _, %p) {hidden_size=64${attributes}} @cell
    output ${outputs.replaceAll('_, ', '')}
  }`);

const dynamic = (changes: Partial<Recipe> = {}): Partial<Recipe> => ({ mode: 'dynamic', ...changes });

/** The same model with its constants in memory. */
async function resident(model: Model): Promise<Model> {
  for (const value of model.graph.initializers)
    if (value.constant) value.constant = StoredTensor.of(await value.constant.load());
  return model;
}

describe('dynamic quantization of an LSTM', () => {
  it.each<Form>([
    {},
    { directions: 2, attributes: ', direction="bidirectional"' },
    { attributes: ', direction="reverse", input_forget=1', outputs: '%y' },
    { attributes: ', activations=["HardSigmoid", "Relu", "Elu"]', outputs: '_, %h, %c' },
  ])('quantizes its input and its states at run time: %o', async (form) => {
    const source = lstm(form);
    const { model, report } = await quantize(source, dynamic());
    expect(report.decisions).toEqual([
      {
        node: 'cell',
        op: 'LSTM',
        quantized: true,
        because: 'int8 per-channel weights, uint8 input and states at run time',
      },
    ]);
    expect(model.graph.nodes.map(({ op, name }) => [op.name, name])).toEqual([
      ['DynamicQuantizeLSTM', 'cell'],
    ]);
    expect(model.graph.outputs.map(({ name }) => name)).toEqual(source.graph.outputs.map(({ name }) => name));
    inferTypes(model.graph);
    const feeds = feedsOf(source.graph, 1);
    const ours = await runOnReference(model, feeds);
    expect(sqnrOf(await runOnReference(source, feeds), ours)).toBeGreaterThan(30);
    const comparable = comparableWeights(await resident(model));
    const theirs = await runOnOnnxRuntime(comparable, feeds);
    expect(sqnrOf(await runOnReference(comparable, feeds), theirs)).toBeGreaterThan(40);
  });

  it.each<[Partial<Recipe>, string]>([
    [{}, ''],
    [
      { layers: [{ ops: ['LSTM'], weights: { dtype: 'int4' } }] },
      "; a layer rule's int4 per-channel weights are not for LSTM",
    ],
    [
      {
        layers: [{ weights: { dtype: 'uint8' } }, { nodes: ['cell'], weights: { granularity: 'per-block' } }],
      },
      "; a layer rule's uint8 weights in blocks of 32 are not for LSTM",
    ],
  ])('keeps its weights in seven bits on demand, whatever rules ask of them: %j', async (changes, unmet) => {
    const source = lstm();
    const { model, report } = await quantize(source, dynamic({ ...changes, reduceRange: true }));
    expect(report.decisions[0]?.because).toBe(
      `int8 per-channel weights of 7 bits, uint8 input and states at run time${unmet}`,
    );
    for (const name of ['w_quantized', 'r_quantized']) {
      const integers = await model.graph.value(name)?.constant?.load();
      expect(Math.max(...Array.from(integers ? toNumbers(integers) : [], Math.abs))).toBe(64);
    }
    const feeds = feedsOf(source.graph, 1);
    expect(sqnrOf(await runOnReference(source, feeds), await runOnReference(model, feeds))).toBeGreaterThan(
      25,
    );
  });

  it.each<[NonNullable<LayerRule['weights']>, string]>([
    [{ granularity: 'per-tensor' }, "; a layer rule's int8 per-tensor weights are not for LSTM"],
    [{ symmetric: false }, "; a layer rule's asymmetric int8 per-channel weights are not for LSTM"],
    [
      { granularity: 'per-block', blockSize: 64 },
      "; a layer rule's int8 weights in blocks of 64 are not for LSTM",
    ],
    [{ blockSize: 64 }, "; a layer rule's blocks of 64 are not for LSTM"],
    [{ dtype: 'int8', granularity: 'per-channel', symmetric: true }, ''],
  ])('says which rules about its weights have no effect: %j', async (weights, unmet) => {
    for (const mode of ['dynamic', 'weight-only'] as const) {
      const { report } = await quantize(lstm(), { mode, layers: [{ ops: ['LSTM'], weights }] });
      const activations = mode === 'dynamic' ? 'uint8 input and states at run time' : 'float activations';
      expect(report.decisions[0]?.because).toBe(`int8 per-channel weights, ${activations}${unmet}`);
    }
  });

  it('keeps the names of its outputs, those that nothing reads among them', async () => {
    for (const order of ['%h', '%y', '%c']) {
      const source = modelOf(`graph opset 14 {
        input %x: float32[5, 2, 16]
        ${weights('w', [1, 256, 16], 1, 16)}
        ${weights('r', [1, 256, 64], 2, 64)}
        %y, %h, %c = LSTM(%x, %w, %r) {hidden_size=64} @cell
        %z = Relu(${order})
        output %z
      }`);
      const { model } = await quantize(source, dynamic());
      expect(model.graph.nodes).toHaveLength(2);
      const cell = model.graph.nodes.find(({ op }) => op.name === 'DynamicQuantizeLSTM');
      expect(cell?.outputs.map((value) => value?.name)).toEqual(['y', 'h', 'c']);
      expect(model.graph.initializers.every(({ name }) => name.includes('_'))).toBe(true);
    }
  });

  it('quantizes weights once for all layers that share them', async () => {
    const source = modelOf(`graph opset 14 {
      input %x: float32[5, 2, 64]
      ${weights('w', [1, 256, 64], 1, 64)}
      %y, %h = LSTM(%x, %w, %w) {hidden_size=64} @a
      %z = LSTM(%x, %w, %w, _, _, %h) {hidden_size=64} @b
      output %y, %z
    }`);
    const { model } = await quantize(source, dynamic());
    expect(model.graph.initializers.map(({ name }) => name).sort()).toEqual([
      'w_quantized',
      'w_scale',
      'w_zero_point',
    ]);
    const feeds = feedsOf(source.graph, 2);
    expect(sqnrOf(await runOnReference(source, feeds), await runOnReference(model, feeds))).toBeGreaterThan(
      30,
    );
  });

  it('leaves its states float, with the reason, where the op has no such form', async () => {
    const reasonFor = async (text: string, changes: Partial<Recipe> = {}) => {
      const source = modelOf(`graph opset 14 {
        input %x: float32[5, 2, 64]
        ${weights('w', [1, 256, 64], 1, 64)}
        ${text}
        output %y
      }`);
      const { model, report } = await quantize(source, dynamic(changes));
      expect(model.graph.nodes.map(({ op }) => op.name)).toContain('LSTM');
      return report.decisions[0]?.because;
    };
    const float = 'int8 per-channel weights, float activations';
    expect(await reasonFor('%y = LSTM(%x, %w, %w) {hidden_size=64, layout=1}')).toBe(
      `${float}: DynamicQuantizeLSTM has no batch-first layout`,
    );
    expect(await reasonFor('input %r: float32[1, 256, 64]\n%y = LSTM(%x, %w, %r) {hidden_size=64}')).toBe(
      `${float}: W and R are not both float32 constants`,
    );
    const layers = [{ ops: ['LSTM'], activations: 'float' as const }];
    expect(await reasonFor('%y = LSTM(%x, %w, %w) {hidden_size=64}', { layers })).toBe(float);
  });

  it('leaves it alone where it is excluded', async () => {
    const source = modelOf(`graph opset 14 {
      input %x: float32[5, 2, 64]
      ${weights('w', [1, 256, 64], 1, 64)}
      ${weights('m', [64, 64], 2, 64)}
      %y, %h = LSTM(%x, %w, %w) {hidden_size=64} @cell
      %z = MatMul(%h, %m) @head
      output %z
    }`);
    const { model } = await quantize(source, dynamic({ exclude: ['cell'] }));
    expect(model.graph.value('w')?.dtype).toBe('float32');
  });
});
