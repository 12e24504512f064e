import {
  cloneModel,
  type Graph,
  inferTypes,
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
  fixInputs(cut.graph, samples);
  const products = values.map((value) => addProduct(cut.graph, value));
  const sums = new Map(
    values.map(({ name, rows }, i) => [
      products[i]?.name ?? '',
      { name, rows, gram: new Float64Array(rows * rows) },
    ]),
  );
  cut.graph.outputs = products;
  await runPasses(cut.graph, [eliminateDeadNodes]);
  // Taps see memory that runs share; outputs would be allocated for each.
  cut.graph.outputs = products.slice(0, 1);
  using session = await createSession(cut, { taps: [...sums.keys()] });
  let seen = 0;
  for await (const { feeds, id = `sample ${seen}` } of new Checkpoint(signal).each(samples)) {
    const onTap = (product: string, tensor: Tensor): void => {
      const sum = sums.get(product);
      if (sum && !addUpper(sum, toNumbers(tensor))) throw notFinite(sum.name, id);
    };
    await session.run(feeds, { onTap, ...(signal ? { signal } : {}) });
    seen++;
  }
  for (const sum of sums.values()) mirrorUpper(sum);
  return [...sums.values()].map(({ gram }) => ({ gram }));
}

/** Gives inputs the sizes that all samples have, since sessions do better where they know them. */
function fixInputs(graph: Graph, samples: readonly CalibrationSample[]): void {
  for (const input of graph.inputs) {
    const { type } = input;
    const shapes = samples.map(({ feeds }) => feeds[input.name]?.shape);
    if (type?.kind !== 'tensor') continue;
    const shape = type.shape?.map((dim, axis) => {
      const size = shapes[0]?.[axis];
      const isCommon = size !== undefined && shapes.every((each) => each?.[axis] === size);
      return typeof dim === 'number' || !isCommon ? dim : size;
    });
    input.type = { ...type, shape };
  }
  inferTypes(graph);
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

interface Sum extends ReadValue {
  readonly gram: Float64Array;
}

/** Adds the upper triangle of a symmetric matrix; false where it is not finite. */
function addUpper({ gram, rows }: Sum, values: ArrayLike<number>): boolean {
  let total = 0;
  for (let row = 0; row < rows; row++) {
    for (let i = row * rows + row; i < (row + 1) * rows; i++) {
      const value = values[i] ?? Number.NaN;
      gram[i] = (gram[i] ?? 0) + value;
      total += value;
    }
  }
  return Number.isFinite(total);
}

function mirrorUpper({ gram, rows }: Sum): void {
  for (let row = 1; row < rows; row++)
    for (let column = 0; column < row; column++) gram[row * rows + column] = gram[column * rows + row] ?? 0;
}

function notFinite(name: string, sample: string): QuantizerError {
  return new QuantizerError({
    code: 'CALIBRATION_NAN',
    where: `${sample}, tensor ${name}`,
    message: 'its second moments are not finite.',
    remedy: 'Remove the sample, or repair the data or the preprocessing that made it.',
  });
}
