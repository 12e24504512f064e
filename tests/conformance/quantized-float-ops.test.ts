import {
  GatherBlockQuantized,
  MicrosoftDequantizeLinear,
  MicrosoftQuantizeLinear,
  QLinearAveragePool,
  QLinearConcat,
  QLinearGlobalAveragePool,
  QLinearLeakyRelu,
  QLinearSigmoid,
  QLinearSoftmax,
  QLinearWhere,
  type Value,
} from '@octavo/core/ir';
import { float32, fromNumbers, int64, type Tensor, toNumbers } from '@octavo/core/tensor';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { runEach, type Trial, trial } from './both-runtimes.js';
import { integersIn, scales, seed } from './random-tensors.js';

const RUNS = { numRuns: 25 };
const bytes = fc.constantFrom('int8' as const, 'uint8' as const);
type Byte = 'int8' | 'uint8';

/** A quantized operand with a scale of its own. */
function operand(t: Trial, dtype: Byte, shape: readonly number[], start: number) {
  const [low, high] = dtype === 'int8' ? [-128, 127] : [0, 255];
  return {
    X: t.input(integersIn(dtype, shape, start, low, high)),
    X_scale: t.constant(scales(1, start, [])),
    X_zero_point: t.constant(fromNumbers(dtype, [], [dtype === 'int8' ? 4 : 130])),
  };
}

function result(t: Trial, dtype: Byte, scale: number) {
  return {
    Y_scale: t.constant(float32([scale], [])),
    Y_zero_point: t.constant(fromNumbers(dtype, [], [dtype === 'int8' ? -5 : 100])),
  };
}

/** Largest difference of stored integers; onnxruntime's float arithmetic inside these ops is not ours. */
async function steps(build: (t: Trial) => readonly (Value | undefined)[]): Promise<number> {
  const { all, theirs } = await runEach(trial(build));
  return Math.max(
    ...all.flatMap((ours) =>
      ours.map((tensor, i) => {
        const other = theirs[i];
        expect({ dtype: tensor.dtype, shape: tensor.shape }).toEqual({
          dtype: other?.dtype,
          shape: other?.shape,
        });
        return other ? largestDistance(tensor, other) : Number.POSITIVE_INFINITY;
      }),
    ),
  );
}

function largestDistance(a: Tensor, b: Tensor): number {
  const [left, right] = [Array.from(toNumbers(a)), toNumbers(b)];
  return Math.max(0, ...left.map((x, i) => Math.abs(x - (right[i] ?? Number.NaN))));
}

describe("onnxruntime's quantized forms of float ops", () => {
  it('average whole planes and concatenate with its bits', async () => {
    await fc.assert(
      fc.asyncProperty(bytes, fc.constantFrom(0, 1), seed, async (dtype, channels_last, start) => {
        const distance = await steps((t) => {
          const x = operand(t, dtype, [2, 3, 5, 4], start);
          const other = operand(t, dtype, [2, 2, 5, 4], start + 1);
          const y = result(t, dtype, 0.02);
          const parts = [x, other].flatMap((each) => [each.X, each.X_scale, each.X_zero_point]);
          return [
            ...t.graph.emit(QLinearGlobalAveragePool, { ...x, ...y }, { channels_last }).outputs,
            ...t.graph.emit(QLinearConcat, { ...y, inputs: parts }, { axis: 1 }).outputs,
          ];
        });
        expect(distance).toBe(0);
      }),
      RUNS,
    );
  });

  it('choose elements, and quantize to 16 bits, with its bits', async () => {
    await fc.assert(
      fc.asyncProperty(bytes, seed, async (dtype, start) => {
        const distance = await steps((t) => {
          const [x, y] = [operand(t, dtype, [2, 3, 4], start), operand(t, dtype, [3, 1], start + 1)];
          const z = result(t, dtype, 0.03);
          const scale = t.constant(float32([0.001, 0.02, 0.3, 0.004]));
          const zero = t.constant(fromNumbers('uint16', [4], [0, 65535, 30000, 7]));
          const real = t.input(
            float32(
              Array.from({ length: 8 }, (_, i) => (i - 3) * start * 1e-9),
              [2, 4],
            ),
          );
          const q = t.graph.emit(
            MicrosoftQuantizeLinear,
            { x: real, y_scale: scale, y_zero_point: zero },
            { axis: 1 },
          );
          if (!q.output) throw new Error('QuantizeLinear has an output');
          return [
            ...t.graph.emit(QLinearWhere, {
              condition: t.input(fromNumbers('bool', [4], [1, 0, 0, 1])),
              X: x.X,
              x_scale: x.X_scale,
              x_zero_point: x.X_zero_point,
              Y: y.X,
              y_scale: y.X_scale,
              y_zero_point: y.X_zero_point,
              z_scale: z.Y_scale,
              z_zero_point: z.Y_zero_point,
            }).outputs,
            ...t.graph.emit(
              MicrosoftDequantizeLinear,
              { x: q.output, x_scale: scale, x_zero_point: zero },
              { axis: 1 },
            ).outputs,
          ];
        });
        expect(distance).toBe(0);
      }),
      RUNS,
    );
  });

  it('activate, pool and normalize within one step', async () => {
    const distances = new Map<number, number>();
    await fc.assert(
      fc.asyncProperty(bytes, seed, async (dtype, start) => {
        const distance = await steps((t) => {
          const x = operand(t, dtype, [1, 2, 6, 5], start);
          const unary = [
            t.graph.emit(QLinearSigmoid, { ...x, ...result(t, dtype, 0.004) }),
            t.graph.emit(QLinearLeakyRelu, { ...x, ...result(t, dtype, 0.03) }, { alpha: 0.1 }),
            t.graph.emit(
              QLinearAveragePool,
              { ...x, ...result(t, dtype, 0.03) },
              { kernel_shape: [3, 2], strides: [2, 1], pads: [1, 0, 1, 1] },
            ),
            t.graph.emit(
              QLinearAveragePool,
              { ...x, ...result(t, dtype, 0.03) },
              { kernel_shape: [2, 3], pads: [1, 1, 0, 1], channels_last: 1 },
            ),
            t.graph.emit(
              QLinearSoftmax,
              {
                ...x,
                Y_scale: t.constant(float32([1 / 256], [])),
                Y_zero_point: t.constant(fromNumbers(dtype, [], [dtype === 'int8' ? -128 : 0])),
              },
              { axis: -1, opset: 13 },
            ),
          ];
          return unary.map((node) => node.output);
        });
        distances.set(distance, (distances.get(distance) ?? 0) + 1);
        expect(distance).toBeLessThanOrEqual(1);
      }),
      RUNS,
    );
    console.log(
      `QLinear activations, pools and softmax: ${distances.get(0) ?? 0} runs equal, ${distances.get(1) ?? 0} off by one step`,
    );
  });

  it('gather rows of blocks with packed zero points or none', async () => {
    await fc.assert(
      fc.asyncProperty(fc.boolean(), seed, async (withZeroPoints, start) => {
        const distance = await steps((t) => {
          const rows = 7;
          const blocks = 2;
          const node = t.graph.emit(
            GatherBlockQuantized,
            {
              data: t.constant(integersIn('uint8', [rows, 16], start, 0, 255)),
              indices: t.input(int64([3, 0, -1, 6], [2, 2])),
              scales: t.constant(scales(rows * blocks, start, [rows, blocks])),
              zero_points: withZeroPoints
                ? t.constant(integersIn('uint8', [rows, 1], start + 1, 0, 255))
                : undefined,
            },
            { block_size: 16, bits: 4 },
          );
          return node.outputs;
        });
        expect(distance).toBe(0);
      }),
      RUNS,
    );
  });
});
