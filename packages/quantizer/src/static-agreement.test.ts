import { cloneModel, DequantizeLinear, inferTypes, QuantizeLinear, runPasses } from '@octavo/core/ir';
import { storageRange } from '@octavo/core/quant';
import { fromNumbers, type Tensor, toNumbers } from '@octavo/core/tensor';
import { foldQdq } from '@octavo/passes';
import type { NamedTensors } from '@octavo/runtime';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { comparableWeights } from '../tests/full-range-products.node.js';
import {
  feedsOf,
  modelOf,
  normals,
  quantize,
  runOnOnnxRuntime,
  runOnReference,
  samplesOf,
  sqnrOf,
  weights,
} from '../tests/run-models.js';

/** One stage of a random network; each takes and gives [1, channels, size, size]. */
type Stage =
  | { readonly kind: 'conv'; readonly channels: number; readonly kernel: 1 | 3; readonly bias: boolean }
  | { readonly kind: 'relu' | 'residual' | 'pool' };

const stages = fc.array(
  fc.oneof(
    fc.record({
      kind: fc.constant('conv' as const),
      channels: fc.integer({ min: 1, max: 5 }),
      kernel: fc.constantFrom(1 as const, 3 as const),
      bias: fc.boolean(),
    }),
    fc.record({ kind: fc.constantFrom('relu' as const, 'residual' as const, 'pool' as const) }),
  ),
  { minLength: 1, maxLength: 6 },
);

/** The text of a network: the stages between a first convolution and a Gemm with a bias. */
function networkOf(list: readonly Stage[], seed: number): string {
  const lines = ['input %x: float32[1, 2, 8, 8]'];
  let [current, channels, size, count] = ['x', 2, 8, 0];
  const step = (line: string): void => {
    current = `v${++count}`;
    lines.push(`%${current} = ${line}`);
  };
  const conv = (to: number, kernel: number, bias: boolean): void => {
    const id = lines.length + seed * 100;
    lines.push(weights(`w${count}`, [to, channels, kernel, kernel], id, channels * kernel ** 2));
    if (bias) lines.push(weights(`b${count}`, [to], id + 50, 4));
    const pad = (kernel - 1) / 2;
    step(
      `Conv(%${current}, %w${count}${bias ? `, %b${count}` : ''}) {pads=[${pad}, ${pad}, ${pad}, ${pad}]} @conv${count}`,
    );
    channels = to;
  };
  conv(3, 3, true);
  for (const stage of list) {
    if (stage.kind === 'conv') conv(stage.channels, stage.kernel, stage.bias);
    else if (stage.kind === 'relu') {
      // onnxruntime 1.30 refuses a Conv with two Relus behind it: it fuses both into nodes of one name.
      if (!lines.at(-1)?.includes('Relu')) step(`Relu(%${current})`);
    } else if (stage.kind === 'pool' && size > 2) {
      step(`MaxPool(%${current}) {kernel_shape=[2, 2], strides=[2, 2]}`);
      size /= 2;
    } else {
      const shortcut = current;
      conv(channels, 3, false);
      step(`Add(%${current}, %${shortcut})`);
    }
  }
  const features = channels * size * size;
  lines.push(weights('fc', [3, features], seed + 7, features), weights('fcb', [3], seed + 8, 4));
  step(`Flatten(%${current})`);
  step(`Gemm(%${current}, %fc, %fcb) {transB=1} @fc`);
  return `graph opset 17 {${lines.join('\n')}\noutput %${current}}`;
}

describe('random networks, quantized statically', () => {
  it('give the same integers in onnxruntime and in our session', async () => {
    const recipes = fc.record({
      perChannel: fc.boolean(),
      activations: fc.constantFrom('uint8' as const, 'int8' as const),
    });
    await fc.assert(
      fc.asyncProperty(stages, recipes, fc.integer({ min: 1, max: 1000 }), async (list, recipe, seed) => {
        const { model } = await quantize(modelOf(networkOf(list, seed)), {
          ...recipe,
          io: recipe.activations,
        });
        comparableWeights(model);
        const [input] = model.graph.inputs;
        const integers = normals(128, seed).map((value) => Math.round(value * 60));
        const low = recipe.activations === 'uint8' ? 128 : 0;
        const feeds = {
          x: integersOf(
            recipe.activations,
            [1, 2, 8, 8],
            integers.map((q) => q + low),
          ),
        };
        expect(input?.dtype).toBe(recipe.activations);
        expect(model.graph.outputs[0]?.dtype).toBe(recipe.activations);
        const ours = await runOnReference(model, feeds);
        expect(ours).toEqual(await runOnOnnxRuntime(model, feeds));
      }),
      { numRuns: 20 },
    );
  });

  it('stay within 20 dB of the float network', async () => {
    await fc.assert(
      fc.asyncProperty(stages, fc.integer({ min: 1, max: 1000 }), async (list, seed) => {
        const source = modelOf(networkOf(list, seed));
        inferTypes(source.graph);
        const { model } = await quantize(source);
        const float: Record<string, Tensor> = {};
        const integer: Record<string, Tensor> = {};
        for (const [i, { feeds }] of samplesOf(source.graph, 8).entries()) {
          const [left, right] = [await runOnReference(source, feeds), await runOnReference(model, feeds)];
          for (const [name, tensor] of Object.entries(left)) float[`${name}${i}`] = tensor;
          for (const [name, tensor] of Object.entries(right)) integer[`${name}${i}`] = tensor;
        }
        expect(sqnrOf(float, integer)).toBeGreaterThan(20);
      }),
      { numRuns: 20 },
    );
  });
});

/** A convolution whose channels are weighted by a gate, and a second convolution behind an activation. */
const gated = (gate: string, activation: string): string => `graph opset 17 {
  input %x: float32[1, 3, 8, 8]
  ${weights('w', [6, 3, 3, 3], 11, 27)}
  ${weights('b', [6], 12, 4)}
  ${weights('down', [2, 6, 1, 1], 13, 6)}
  const %bias: float32[2] = [0.5, 1]
  ${weights('up', [6, 2, 1, 1], 14, 2)}
  ${weights('v', [4, 6, 1, 1], 15, 6)}
  %c = Conv(%x, %w, %b) {pads=[1, 1, 1, 1]} @conv
  ${activation}
  %p = GlobalAveragePool(%a) @squeeze
  %d = Conv(%p, %down, %bias) @down
  %r = Relu(%d)
  %u = Conv(%r, %up) @up
  %g = ${gate} @gate
  %m = Mul(%a, %g) @excite
  %y = Conv(%m, %v) @last
  output %y
}`;

const SWISH = '%s = Sigmoid(%c) @sigmoid\n%a = Mul(%c, %s) @swish';

describe('squeeze and excite', () => {
  it.each([
    // onnxruntime approximates the exponential, so that its tables differ by a step.
    ['Sigmoid(%u)', SWISH, 2],
    ['HardSigmoid(%u) {alpha=0.16666667, beta=0.5}', '%a = HardSwish(%c) @swish', 0],
    ['Tanh(%u)', '%a = Elu(%c) @elu', 0],
  ])('stays in integers with the gate %s, here and in onnxruntime', async (gate, activation, steps) => {
    const source = modelOf(gated(gate, activation));
    const { model, report } = await quantize(source);
    expect(report.decisions.filter((each) => !each.quantized)).toEqual([]);
    const { graph } = cloneModel(model);
    await runPasses(graph, [foldQdq]);
    expect(
      graph.nodes.filter((node) => QuantizeLinear.is(node)).map(({ inputs }) => inputs[0]?.name),
    ).toEqual(['x']);
    expect(graph.nodes.filter((node) => DequantizeLinear.is(node)).map(({ output }) => output?.name)).toEqual(
      ['y'],
    );
    const feeds = feedsOf(source.graph, 77);
    const ours = await runOnReference(model, feeds);
    expect(sqnrOf(await runOnReference(source, feeds), ours)).toBeGreaterThan(25);
    const theirs = await runOnOnnxRuntime(comparableWeights(model), feeds);
    const step = report.activations.find(({ value }) => value === 'y')?.scale ?? 0;
    expect(largestDifference(theirs, await runOnReference(model, feeds)) / step).toBeLessThan(steps + 0.01);
  });

  it('leaves functions of float sums in float', async () => {
    const { report } = await quantize(
      modelOf(`graph opset 17 {
        input %x: float32[4, 8]
        ${weights('w', [8, 8], 21, 8)}
        %h = MatMul(%x, %w) @first
        %s = Sigmoid(%h) @sigmoid
        %m = Mul(%h, %s) @swish
        %y = MatMul(%m, %w) @second
        output %y
      }`),
    );
    expect(report.decisions.map(({ node }) => node)).toEqual(['first', 'second']);
    expect(report.activations.map(({ value }) => value)).toEqual(['x', 'm']);
  });
});

const NETWORK = networkOf(
  [
    { kind: 'relu' },
    { kind: 'pool' },
    { kind: 'residual' },
    { kind: 'relu' },
    { kind: 'conv', channels: 4, kernel: 1, bias: true },
  ],
  5,
);

describe('static recipes', () => {
  const floors = { int8: 25, uint8: 25, int4: 10, uint4: 10 };
  const cases = (['int8', 'uint8', 'int4', 'uint4'] as const).flatMap((each) =>
    [true, false].map((perChannel) => ({ weights: each, perChannel, least: floors[each] })),
  );

  it.each(cases)('load in onnxruntime: $weights weights, per channel $perChannel', async (recipe) => {
    const source = modelOf(NETWORK);
    const { least, ...changes } = recipe;
    const { model } = await quantize(source, changes);
    const feeds = feedsOf(source.graph, 2);
    const float = await runOnReference(source, feeds);
    const ours = await runOnReference(model, feeds);
    expect(sqnrOf(float, ours)).toBeGreaterThan(least);
    expect(
      sqnrOf(await runOnOnnxRuntime(comparableWeights(model), feeds), await runOnReference(model, feeds)),
    ).toBeGreaterThan(30);
    expect(model.graph.opset).toBe(recipe.weights.endsWith('4') ? 21 : 17);
  });

  it.each(['minmax', 'percentile', 'entropy', 'mse', 'moving-average'] as const)(
    'keep the range of %s within what was seen, with little loss',
    async (observer) => {
      const source = modelOf(NETWORK);
      const { model, report } = await quantize(source, { observer });
      const { report: widest } = await quantize(source, { observer: 'minmax' });
      report.activations.forEach((range, i) => {
        expect(range.min).toBeGreaterThanOrEqual(widest.activations[i]?.min ?? 0);
        expect(range.max).toBeLessThanOrEqual(widest.activations[i]?.max ?? 0);
        expect(range.max).toBeGreaterThan((widest.activations[i]?.max ?? 0) / 4);
      });
      const feeds = feedsOf(source.graph, 2);
      expect(sqnrOf(await runOnReference(source, feeds), await runOnReference(model, feeds))).toBeGreaterThan(
        15,
      );
    },
  );
});

function largestDifference(a: NamedTensors, b: NamedTensors): number {
  const pairs = Object.entries(a).map(([name, tensor]) => [tensor, b[name]] as const);
  return Math.max(
    ...pairs.flatMap(([left, right]) => {
      const others = right ? toNumbers(right) : [];
      return Array.from(toNumbers(left), (value, i) =>
        Math.abs(value - (others[i] ?? Number.POSITIVE_INFINITY)),
      );
    }),
  );
}

function integersOf(dtype: 'uint8' | 'int8', shape: readonly number[], values: ArrayLike<number>) {
  const { min, max } = storageRange(dtype);
  return fromNumbers(
    dtype,
    shape,
    Array.from(values, (q) => Math.max(min, Math.min(max, q))),
  );
}
