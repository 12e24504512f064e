import { inferTypes } from '@octavo/core/ir';
import { expect, it } from 'vitest';
import { modelOf, onReference, samplesOf } from '../tests/run-models.js';
import type { SessionFactory } from './calibrate.js';
import { gatherMoments } from './input-moments.js';
import { roundInSequence, weightKey } from './round-in-sequence.js';
import { quantizableLayers } from './sensitivity/layer-statistics.js';
import type { InputMoments } from './weight-rounding/index.js';
import { blockType, type WeightRounding } from './weight-rounding/weight-rounding.js';

const WIDTH = 4;
/** Values that layers read: two for each of the three passes. */
const VALUES = 6;

/** Layers in a row, `%side` beside the first of them. */
const MODEL = modelOf(`graph opset 17 {
  input %x0: float32[2, ${WIDTH}]
  ${Array.from({ length: VALUES + 1 }, (_, i) => integerMatrix(`w${i}`, i)).join('\n  ')}
  %side = MatMul(%x0, %w${VALUES})
  ${Array.from({ length: VALUES }, (_, i) => `%x${i + 1} = MatMul(%x${i}, %w${i})`).join('\n  ')}
  output %x${VALUES}
  output %side
}`);

function integerMatrix(name: string, seed: number): string {
  const elements = Array.from({ length: WIDTH ** 2 }, (_, i) => ((i * 7 + seed * 3) % 5) - 2);
  return `const %${name}: float32[${WIDTH}, ${WIDTH}] = [${elements.join(', ')}]`;
}

/** "Rounds" a matrix of integers to its double, which later layers notice. */
function doubling(seen: (InputMoments | undefined)[]): WeightRounding {
  return {
    name: 'doubling',
    needsInputs: true,
    round({ values, columns }, format, inputs) {
      seen.push(inputs);
      const type = blockType(format, new Float32Array(columns).fill(1), new Int32Array(columns));
      return { integers: Int8Array.from(values, (value) => 2 * value), type };
    },
  };
}

it('observes the values of a pass with the layers of earlier passes rounded, and no others', async () => {
  inferTypes(MODEL.graph);
  const samples = samplesOf(MODEL.graph, 3);
  const names = Array.from({ length: VALUES }, (_, i) => ({ name: `x${i}`, rows: WIDTH }));
  const float = await gatherMoments(MODEL, names, samples, { createSession: onReference });
  const format = { storage: 'int8', symmetric: true, blockSize: WIDTH } as const;
  const seen: (InputMoments | undefined)[] = [];
  const rounding = doubling(seen);
  const layers = quantizableLayers(MODEL.graph).map((parts) => ({ parts, format, rounding }));
  let passes = 0;
  const createSession: SessionFactory = (model, options) => {
    passes++;
    return onReference(model, options);
  };
  const rounded = await roundInSequence(MODEL, layers, samples, { createSession });
  expect(passes).toBe(3);
  expect([...rounded.keys()].sort()).toEqual(layers.map(({ parts }) => weightKey(parts, format)).sort());

  // Two layers read x0. In pass p all 2 p weights before a value are doubled, which its products show squared.
  const scaled = float.map(({ gram }, i) => gram.map((value) => value * 16 ** Math.floor(i / 2)));
  const expected = [scaled[0], ...scaled].map((gram) => ({ gram }));
  expect(scaled.every((gram) => gram.some((value) => value !== 0))).toBe(true);
  expect(seen).toEqual(expected);
});
