import {
  cloneModel,
  type Graph,
  MatMul,
  type Model,
  outputOf,
  Reshape,
  runPasses,
  Transpose,
  type Value,
} from '@octavo/core/ir';
import { int64, StoredTensor, type Tensor, toNumbers } from '@octavo/core/tensor';
import { eliminateDeadNodes } from '@octavo/passes';
import type { CalibrationSample, SessionFactory } from './calibrate.js';
import { Checkpoint } from './checkpoint.js';
import { QuantizerError } from './quantizer-error.js';
import type { InputMoments } from './weight-rounding/index.js';

/** A value that layers read, and its size along the last axis. */
export interface ReadValue {
  readonly name: string;
  readonly rows: number;
}

export interface MomentsOptions {
  readonly createSession: SessionFactory;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Runs samples through a model, cut off after some values and extended by their products `xT x`, so that the session's
 * own kernels do the work, and sums the products in float64: 8 `rows^2` bytes a value.
 * @returns The moments of the values, in order.
 * @throws QuantizerError `CALIBRATION_NAN` naming value and sample.
 */
export async function gatherMoments(
  model: Model,
  values: readonly ReadValue[],
  samples: readonly CalibrationSample[],
  { createSession, signal }: MomentsOptions,
): Promise<InputMoments[]> {
  const cut = cloneModel(model);
  const products = values.map((value) => addProduct(cut.graph, value));
  const sums = new Map(
    values.map(({ name, rows }, i) => [
      products[i]?.name ?? '',
      { name, gram: new Float64Array(rows * rows) },
    ]),
  );
  cut.graph.outputs = products;
  await runPasses(cut.graph, [eliminateDeadNodes]);
  using session = await createSession(cut, { taps: [...sums.keys()] });
  let seen = 0;
  for await (const { feeds, id = `sample ${seen}` } of new Checkpoint(signal).each(samples)) {
    const onTap = (product: string, tensor: Tensor): void => {
      const sum = sums.get(product);
      if (sum && !addTo(sum.gram, toNumbers(tensor))) throw notFinite(sum.name, id);
    };
    await session.run(feeds, { onTap, ...(signal ? { signal } : {}) });
    seen++;
  }
  return [...sums.values()].map(({ gram }) => ({ gram }));
}

/** Adds `xT x`, x as a matrix of its last axis. */
function addProduct(graph: Graph, { name, rows }: ReadValue): Value {
  const data = graph.value(name);
  if (!data) throw new Error(`the prepared graph has ${name}`);
  const shape = graph.addInitializer(`${name}_rows`, StoredTensor.of(int64([-1, rows])));
  const matrix = outputOf(graph.emit(Reshape, { data, shape }, {}, { name: `${name}_matrix` }));
  const A = outputOf(graph.emit(Transpose, { data: matrix }, { perm: [1, 0] }, { name: `${name}_turned` }));
  return outputOf(graph.emit(MatMul, { A, B: matrix }, {}, { name: `${name}_gram` }));
}

function addTo(sum: Float64Array, values: ArrayLike<number>): boolean {
  let total = 0;
  for (let i = 0; i < sum.length; i++) {
    const value = values[i] ?? Number.NaN;
    sum[i] = (sum[i] ?? 0) + value;
    total += value;
  }
  return Number.isFinite(total);
}

function notFinite(name: string, sample: string): QuantizerError {
  return new QuantizerError({
    code: 'CALIBRATION_NAN',
    where: `${sample}, tensor ${name}`,
    message: 'its second moments are not finite.',
    remedy: 'Remove the sample, or repair the data or the preprocessing that made it.',
  });
}
