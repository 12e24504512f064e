import { createModel, type Graph, type Model, parse, print } from '@octavo/core/ir';
import { float32, OctavoError, type Tensor, toNumbers } from '@octavo/core/tensor';
import { reference } from '@octavo/reference';
import { createSession, type NamedTensors } from '@octavo/runtime';
import { createOnnxRuntimeSession, type OnnxRuntimeOptions } from '@octavo/runtime/onnxruntime';
import type { CalibrationSample, SessionFactory } from '../src/calibrate.js';
import { type QuantizeOptions, quantizeModel } from '../src/quantize.js';
import type { Recipe } from '../src/recipe.js';
import type { QuantizationReport } from '../src/report.js';

/** Numbers of a normal distribution, the same for the same seed. */
export function normals(count: number, seed: number): Float32Array {
  let state = (seed * 2654435761) >>> 0;
  const next = (): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state + 0.5) / 2 ** 32;
  };
  return Float32Array.from(
    { length: count },
    () => Math.sqrt(-2 * Math.log(next())) * Math.cos(2 * Math.PI * next()),
  );
}

/** The text of a float constant with random elements, scaled like weights of `fan` inputs. */
export function weights(name: string, shape: readonly number[], seed: number, fan = 1): string {
  const size = shape.reduce((product, dim) => product * dim, 1);
  const elements = Array.from(normals(size, seed), (value) => Math.fround(value / Math.sqrt(fan)));
  const literal = shape.length === 0 ? elements[0] : `[${elements.join(', ')}]`;
  return `const %${name}: float32[${shape.join(', ')}] = ${literal}`;
}

export function modelOf(text: string): Model {
  return createModel(parse(text));
}

/** Random feeds for a graph whose inputs are float32 of known shape; symbols become 2. */
export function feedsOf(graph: Graph, seed: number): Record<string, Tensor> {
  return Object.fromEntries(
    graph.inputs.map((input, index) => {
      const shape = (input.shape ?? []).map((dim) => (typeof dim === 'number' ? dim : 2));
      const size = shape.reduce((product, dim) => product * dim, 1);
      return [input.name, float32(normals(size, seed * 31 + index), shape)];
    }),
  );
}

export function samplesOf(graph: Graph, count: number): CalibrationSample[] {
  return Array.from({ length: count }, (_, i) => ({ feeds: feedsOf(graph, i + 1) }));
}

export const onReference: SessionFactory = (model, { taps }) =>
  createSession(model, { backends: [reference()], taps });

/** Quantizes a copy of a model with 8 random samples where the mode needs some. */
export async function quantize(
  model: Model,
  recipe: Partial<Recipe> = {},
  options: Partial<QuantizeOptions> = {},
): Promise<{ model: Model; text: string; report: QuantizationReport }> {
  const isHalf = recipe.mode === 'fp16' || recipe.mode === 'bf16';
  const { model: quantized, report } = await quantizeModel(model, {
    recipe,
    ...(isHalf ? {} : { calibration: samplesOf(model.graph, 8) }),
    createSession: onReference,
    ...options,
  });
  return { model: quantized, text: print(quantized.graph), report };
}

export async function runOnReference(model: Model, feeds: NamedTensors): Promise<NamedTensors> {
  using session = await createSession(model, { backends: [reference()] });
  return await session.run(feeds);
}

export async function runOnOnnxRuntime(
  model: Model,
  feeds: NamedTensors,
  options: OnnxRuntimeOptions = {},
): Promise<NamedTensors> {
  using session = await createOnnxRuntimeSession(model, options);
  return await session.run(feeds);
}

/** Signal to quantization noise in dB over all outputs. */
export function sqnrOf(original: NamedTensors, approximate: NamedTensors): number {
  let signal = 0;
  let noise = 0;
  for (const [name, tensor] of Object.entries(original)) {
    const other = approximate[name];
    if (!other) throw new Error(`no output ${name}`);
    const [left, right] = [toNumbers(tensor), toNumbers(other)];
    left.forEach((value, i) => {
      signal += value * value;
      noise += (value - (right[i] ?? Number.NaN)) ** 2;
    });
  }
  return 10 * Math.log10(signal / noise);
}

/** The code of the OctavoError that a promise rejects with, or `accepted`. */
export async function codeOf(promise: Promise<unknown>): Promise<string> {
  try {
    await promise;
  } catch (error) {
    if (error instanceof OctavoError) return error.code;
    throw error;
  }
  return 'accepted';
}
