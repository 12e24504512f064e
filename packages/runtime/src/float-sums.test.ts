import { createModel, inferTypes, parse } from '@octavo/core/ir';
import { float32, fromNumbers, StoredTensor, toNumbers } from '@octavo/core/tensor';
import { reference } from '@octavo/reference';
import { expect, it } from 'vitest';
import { createSession } from './create-session.js';
import { createOnnxRuntimeSession } from './onnxruntime/index.js';

const [ROWS, TERMS, COLUMNS] = [5, 70, 9];

/** A linear congruential generator, in [low, high]. */
function integers(count: number, seed: number, low: number, high: number): number[] {
  let state = seed;
  return Array.from({ length: count }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return low + Math.floor((state / 2 ** 32) * (high - low + 1));
  });
}

function classifier(op: 'Gemm' | 'MatMul') {
  const scales = Array.from({ length: COLUMNS }, (_, c) => Math.fround(0.003 + c * 0.001));
  const products = scales.map((scale) => Math.fround(Math.fround(0.02) * scale));
  const graph = parse(`graph opset 21 {
    input %x: float32[${ROWS}, ${TERMS}]
    const %s: float32[] = 0.02
    const %z: uint8[] = 113
    value %w: int8[${TERMS}, ${COLUMNS}]
    const %sw: float32[${COLUMNS}] = [${scales.join(', ')}]
    value %b: int32[${COLUMNS}]
    const %sb: float32[${COLUMNS}] = [${products.join(', ')}]
    %q = QuantizeLinear(%x, %s, %z)
    %d = DequantizeLinear(%q, %s, %z)
    %wd = DequantizeLinear(%w, %sw) {axis=1}
    %bd = DequantizeLinear(%b, %sb) {axis=0}
    %y = ${op}(%d, %wd${op === 'Gemm' ? ', %bd' : ''}) @scores
    output %y
  }`);
  const fill = (name: string, constant: StoredTensor) => {
    const value = graph.value(name);
    if (value) value.constant = constant;
  };
  const weights = integers(TERMS * COLUMNS, 5, -127, 127);
  fill('w', StoredTensor.of(fromNumbers('int8', [TERMS, COLUMNS], weights)));
  fill('b', StoredTensor.of(fromNumbers('int32', [COLUMNS], integers(COLUMNS, 7, -9000, 9000))));
  inferTypes(graph);
  return { model: createModel(graph), weights, scales };
}

it.each(['Gemm', 'MatMul'] as const)(
  'float scores of a quantized %s keep within the float bound of onnxruntime',
  async (op) => {
    const { model, weights, scales } = classifier(op);
    const steps = integers(ROWS * TERMS, 3, -100, 100);
    const x = float32(
      steps.map((step) => step * 0.02),
      [ROWS, TERMS],
    );
    using ours = await createSession(model, { backends: [reference()] });
    using theirs = await createOnnxRuntimeSession(model, { optimization: 'disabled' });
    expect(ours.explain().nodes.find(({ node }) => node === 'scores')).toMatchObject({ op, dtype: 'uint8' });
    const [a, b] = [ours.runSync({ x })['y'], (await theirs.run({ x }))['y']];
    const found = a ? toNumbers(a) : [];
    expect(found).toHaveLength(ROWS * COLUMNS);
    Array.from(b ? toNumbers(b) : []).forEach((value, i) => {
      const [row, column] = [Math.floor(i / COLUMNS), i % COLUMNS];
      let magnitude = 1;
      for (let k = 0; k < TERMS; k++) {
        const [left, right] = [steps[row * TERMS + k] ?? 0, weights[k * COLUMNS + column] ?? 0];
        magnitude += Math.abs(left * 0.02 * right * (scales[column] ?? 0));
      }
      expect(Math.abs(value - (found[i] ?? 0))).toBeLessThanOrEqual(2 * (TERMS + 1) * 2 ** -23 * magnitude);
    });
  },
);
