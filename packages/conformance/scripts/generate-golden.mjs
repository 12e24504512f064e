/**
 * Writes `src/golden/*.json`: inputs and what onnxruntime-node gives for them, without graph optimizations.
 * Run after a build: `node packages/conformance/scripts/generate-golden.mjs`. The same seed gives the same inputs.
 * Weights keep within [-64, 64] (unsigned ones within [0, 128]): on x64 CPUs without VNNI onnxruntime saturates sums of
 * larger products.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { createModel, inferTypes, parse } from '@octavo/core/ir';
import { float32, fromNumbers, StoredTensor, tensorFromBytes } from '@octavo/core/tensor';
import { encodeModel } from '@octavo/formats';
import * as ort from 'onnxruntime-node';

const SEED = 20_260_101;
const COMMAND = 'npm run build && node packages/conformance/scripts/generate-golden.mjs';

let state = SEED;

/** Numerical Recipes' linear congruential generator, in [0, 1). */
function random() {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
  return state / 2 ** 32;
}

/** @param {readonly number[]} shape */
const count = (shape) => shape.reduce((a, b) => a * b, 1);

/** @param {'int8' | 'uint8' | 'int32' | 'int16' | 'uint16'} dtype @param {readonly number[]} shape @param {number} low @param {number} high */
function integers(dtype, shape, low, high) {
  const values = Array.from({ length: count(shape) }, () => low + Math.floor(random() * (high - low + 1)));
  return fromNumbers(dtype, shape, values);
}

/** @param {'int8' | 'uint8'} dtype @param {readonly number[]} shape */
const activations = (dtype, shape) =>
  dtype === 'int8' ? integers(dtype, shape, -128, 127) : integers(dtype, shape, 0, 255);

/** @param {'int8' | 'uint8'} dtype @param {readonly number[]} shape */
const weights = (dtype, shape) =>
  dtype === 'int8' ? integers(dtype, shape, -64, 64) : integers(dtype, shape, 0, 128);

/** @param {number} value */
const scale = (value) => float32([value], []);

/** @typedef {'int8' | 'uint8'} Byte */
/** @typedef {import('@octavo/core/tensor').Tensor} Tensor */
/** @typedef {{ name: string, inputs?: Record<string, Tensor>, values: Record<string, Tensor>, node: string, outputs?: string[] }} Trial */

/** @param {Byte | 'int16' | 'uint16'} dtype @param {number} value */
const zero = (dtype, value) => fromNumbers(dtype, [], [value]);

/** Reals on and beside the midpoints of a scale, and at the ends of float32. @param {number} step */
function ties(step) {
  const beside = Array.from({ length: 600 }, (_, i) => {
    const middle = Math.fround((i - 300 + 0.5) * step);
    return i % 3 === 0 ? middle : middle * (1 + (i % 3 === 1 ? 2 ** -23 : -(2 ** -23)));
  });
  return float32([...beside, 0, -0, 1e-45, -1e-45, 3.4e38, -3.4e38, Infinity, -Infinity, NaN]);
}

/** @returns {Trial[]} */
function quantizeTrials() {
  /** @type {[Byte | 'int16' | 'uint16', number, number][]} */
  const kinds = [
    ['uint8', 0.5, 128],
    ['int8', 0.0173, -3],
    ['uint8', 3.1, 0],
    ['int16', 0.25, 7],
    ['uint16', 0.0009, 32768],
  ];
  return kinds.map(([dtype, step, z]) => ({
    name: `ties to ${dtype}, scale ${step}`,
    inputs: { x: ties(step) },
    values: { s: scale(step), z: zero(dtype, z) },
    node: 'QuantizeLinear(%x, %s, %z)',
  }));
}

/** @returns {Trial[]} */
function dequantizeTrials() {
  return [
    .../** @type {Byte[]} */ (['uint8', 'int8']).map((dtype) => ({
      name: `every ${dtype}`,
      inputs: {
        x: fromNumbers(
          dtype,
          [256],
          Array.from({ length: 256 }, (_, i) => (dtype === 'int8' ? i - 128 : i)),
        ),
      },
      values: { s: scale(0.0173), z: zero(dtype, 101) },
      node: 'DequantizeLinear(%x, %s, %z)',
    })),
    {
      name: 'int32 beyond 2^24',
      inputs: { x: integers('int32', [64], -(2 ** 31), 2 ** 31 - 1) },
      values: { s: scale(0.00031) },
      node: 'DequantizeLinear(%x, %s)',
    },
    {
      name: 'per axis',
      inputs: { x: activations('int8', [3, 4, 5]) },
      values: { s: float32([0.01, 1.5, 1e-5, 7]), z: fromNumbers('int8', [4], [0, -128, 127, 5]) },
      node: 'DequantizeLinear(%x, %s, %z) {axis=1}',
    },
  ];
}

/** @returns {Trial[]} */
function dynamicTrials() {
  const ranges = [
    [-3, 7],
    [0, 1],
    [-9, -5],
    [4, 1000],
    [-1e-3, 1e-5],
    [-1.5e38, 1e38],
  ];
  return ranges.map(([low = 0, high = 0]) => ({
    name: `from ${low} to ${high}`,
    inputs: { x: float32(Array.from({ length: 200 }, () => low + random() * (high - low))) },
    values: {},
    outputs: ['y', 's', 'z'],
    node: 'DynamicQuantizeLinear(%x)',
  }));
}

/** Scales of x, w and y: the first makes every odd sum a tie. */
const PRODUCT_SCALES = /** @type {const} */ ([
  ['ties', 1, 1, 2],
  ['ties of four', 0.5, 0.5, 1],
  ['saturation', 0.1, 0.1, 0.07],
  ['typical scales', 0.0231, 0.0079, 0.41],
]);

/** @type {[Byte, Byte, Byte][]} */
const SIGNS = [
  ['uint8', 'int8', 'uint8'],
  ['int8', 'int8', 'int8'],
  ['uint8', 'uint8', 'uint8'],
];

/** @returns {Trial[]} */
function matMulTrials() {
  return SIGNS.flatMap(([x, w, y]) =>
    PRODUCT_SCALES.map(([what, sx, sw, sy]) => {
      const k = what.startsWith('ties') ? 2 : 37;
      const small = what.startsWith('ties');
      return {
        name: `${x} times ${w}: ${what}`,
        inputs: { x: small ? integers(x, [12, k], 0, 9) : activations(x, [12, k]) },
        values: {
          sx: scale(sx),
          zx: zero(x, 3),
          w: small ? integers(w, [k, 19], 0, 9) : weights(w, [k, 19]),
          sw: scale(sw),
          zw: zero(w, w === 'uint8' ? 5 : 0),
          sy: scale(sy),
          zy: zero(y, 11),
        },
        node: 'QLinearMatMul(%x, %sx, %zx, %w, %sw, %zw, %sy, %zy)',
      };
    }),
  );
}

/** @returns {Trial[]} */
function convTrials() {
  return SIGNS.flatMap(([x, w, y]) =>
    PRODUCT_SCALES.map(([what, sx, sw, sy]) => {
      const small = what.startsWith('ties');
      const shape = small ? [4, 2, 1, 1] : [4, 3, 3, 3];
      const input = [2, shape[1] ?? 1, 7, 6];
      const perChannel = w === 'int8';
      return {
        name: `${x} times ${w}: ${what}`,
        inputs: { x: small ? integers(x, input, 0, 9) : activations(x, input) },
        values: {
          sx: scale(sx),
          zx: zero(x, 3),
          w: small ? integers(w, shape, 0, 9) : weights(w, shape),
          sw: perChannel ? float32([1, 2, 0.5, 4].map((each) => each * sw)) : scale(sw),
          zw: perChannel ? fromNumbers(w, [4], [0, 0, 0, 0]) : zero(w, 5),
          sy: scale(sy),
          zy: zero(y, 11),
          b: integers('int32', [4], -50, 50),
        },
        node: `QLinearConv(%x, %sx, %zx, %w, %sw, %zw, %sy, %zy, %b)${small ? '' : ' {pads=[1, 0, 1, 1], strides=[1, 2]}'}`,
      };
    }),
  );
}

/** @returns {Trial[]} */
function matMulIntegerTrials() {
  return SIGNS.map(([a, b]) => ({
    name: `${a} times ${b}`,
    inputs: { a: activations(a, [9, 70]) },
    values: { b: weights(b, [70, 21]), za: zero(a, 101), zb: zero(b, b === 'uint8' ? 64 : 3) },
    node: 'MatMulInteger(%a, %b, %za, %zb)',
  }));
}

/** @param {'QLinearAdd' | 'QLinearMul'} op @returns {Trial[]} */
function elementwiseTrials(op) {
  const scales =
    op === 'QLinearAdd'
      ? [
          [0.5, 0.5, 1],
          [0.031, 0.0457, 0.061],
          [1, 0.001, 0.3],
        ]
      : [
          [0.5, 0.5, 0.5],
          [0.031, 0.0457, 0.12],
          [1, 0.25, 64],
        ];
  return /** @type {Byte[]} */ (['uint8', 'int8']).flatMap((dtype) =>
    scales.map(([sa = 1, sb = 1, sy = 1]) => ({
      name: `${dtype}, scales ${sa}, ${sb} and ${sy}`,
      inputs: { a: activations(dtype, [1200]), b: activations(dtype, [1200]) },
      values: {
        sa: scale(sa),
        za: zero(dtype, 100),
        sb: scale(sb),
        zb: zero(dtype, 3),
        sy: scale(sy),
        zy: zero(dtype, 64),
      },
      node: `com.microsoft::${op}(%a, %sa, %za, %b, %sb, %zb, %sy, %zy)`,
    })),
  );
}

/** @param {Tensor} tensor */
function encode(tensor) {
  return { dtype: tensor.dtype, shape: tensor.shape, data: Buffer.from(tensor.bytes).toString('base64') };
}

/** @param {Trial} trial */
async function run({ name, inputs = {}, values, node, outputs = ['y'] }) {
  const declare =
    (/** @type {string} */ word) =>
    (/** @type {[string, Tensor]} */ [key, { dtype, shape }]) =>
      `${word} %${key}: ${dtype}[${shape.join(', ')}]`;
  const lines = [
    ...Object.entries(inputs).map(declare('input')),
    ...Object.entries(values).map(declare('value')),
    `${outputs.map((each) => `%${each}`).join(', ')} = ${node}`,
    `output ${outputs.map((each) => `%${each}`).join(', ')}`,
  ];
  const text = `graph opset 21, com.microsoft 1 {\n  ${lines.join('\n  ')}\n}`;
  const graph = parse(text);
  for (const [key, tensor] of Object.entries(values)) {
    const value = graph.value(key);
    if (value) value.constant = StoredTensor.of(tensor);
  }
  inferTypes(graph);
  const session = await ort.InferenceSession.create(encodeModel(createModel(graph)), {
    graphOptimizationLevel: 'disabled',
  });
  const feeds = Object.fromEntries(
    Object.entries(inputs).map(([key, tensor]) => [
      key,
      new ort.Tensor(tensor.dtype, tensor.data, tensor.shape),
    ]),
  );
  const results = await session.run(feeds);
  await session.release();
  const expected = Object.fromEntries(
    Object.entries(results).map(([key, tensor]) => {
      const { buffer, byteOffset, byteLength } = tensor.data;
      return [
        key,
        encode(tensorFromBytes(tensor.type, tensor.dims, new Uint8Array(buffer, byteOffset, byteLength))),
      ];
    }),
  );
  const given = Object.fromEntries(
    Object.entries({ ...inputs, ...values }).map(([key, tensor]) => [key, encode(tensor)]),
  );
  return { name, graph: text, values: given, expected };
}

const FAMILIES = {
  'quantize-linear': ['QuantizeLinear', quantizeTrials],
  'dequantize-linear': ['DequantizeLinear', dequantizeTrials],
  'dynamic-quantize-linear': ['DynamicQuantizeLinear', dynamicTrials],
  'qlinear-matmul': ['QLinearMatMul', matMulTrials],
  'qlinear-conv': ['QLinearConv', convTrials],
  'matmul-integer': ['MatMulInteger', matMulIntegerTrials],
  'qlinear-add': ['QLinearAdd', () => elementwiseTrials('QLinearAdd')],
  'qlinear-mul': ['QLinearMul', () => elementwiseTrials('QLinearMul')],
};

const { version } = JSON.parse(
  readFileSync(createRequire(import.meta.url).resolve('onnxruntime-node/package.json'), 'utf8'),
);
for (const [file, [op, trials]] of Object.entries(FAMILIES)) {
  state = SEED;
  const cases = [];
  for (const trial of trials()) cases.push(await run(trial));
  const vectors = { op, source: `onnxruntime-node ${version}`, command: COMMAND, seed: SEED, cases };
  writeFileSync(
    new URL(`../src/golden/${file}.json`, import.meta.url),
    `${JSON.stringify(vectors, null, 1)}\n`,
  );
}
