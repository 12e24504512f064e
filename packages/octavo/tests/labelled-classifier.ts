import { fromNumbers, int64, type Tensor, toNumbers } from '@octavo/core/tensor';
import { loadOnnx } from '@octavo/formats/node';
import { openSession } from '../src/sessions.js';
import { octavo, type Workspace } from './command-line.js';
import { classifier, rows, saveModel, saveNpz } from './models.js';

/** Samples of a {@link LabelledClassifier}. */
export const COUNT = 40;

/** Files of a classifier, of models that were quantized from it, and of data with the labels that it gives itself. */
export interface LabelledClassifier {
  readonly model: string;
  readonly int8: string;
  /** Takes and gives uint8. */
  readonly integer: string;
  /** Arrays `x`, `label` and `group`, which is 0 or 1. */
  readonly data: string;
}

/** Makes the files in a workspace. */
export async function labelledClassifier(work: Workspace): Promise<LabelledClassifier> {
  const model = await saveModel(classifier(), work.path('model.onnx'));
  const x = rows(COUNT, 32);
  const data = saveNpz(work.path('data.npz'), {
    x,
    label: int64(await classesOf(model, x)),
    group: fromNumbers(
      'int32',
      [COUNT],
      Array.from({ length: COUNT }, (_, i) => i % 2),
    ),
  });
  const [int8, integer] = [work.path('int8.onnx'), work.path('integer.onnx')];
  const quantize = ['quantize', model, '--calibration', data];
  await octavo([...quantize, '-o', int8]);
  await octavo([...quantize, '-o', integer, '--io', 'uint8']);
  return { model, int8, integer, data };
}

/** The classes that a model gives rows. */
export async function classesOf(path: string, x: Tensor): Promise<number[]> {
  using session = await openSession(await loadOnnx(path), { backend: 'reference' });
  const { scores } = await session.run({ x });
  const numbers = scores ? [...toNumbers(scores)] : [];
  return Array.from({ length: COUNT }, (_, row) => {
    const own = numbers.slice(4 * row, 4 * row + 4);
    return own.indexOf(Math.max(...own));
  });
}
