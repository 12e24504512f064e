import { clipped } from '@octavo/core/tensor';
import * as v from 'valibot';
import { DatasetError } from './dataset-error.js';

const positive = v.pipe(v.number(), v.safeInteger(), v.minValue(1), v.maxValue(65_536));
const extent = v.union([positive, v.strictTuple([positive, positive])]);
const finite = v.pipe(v.number(), v.finite());
const perChannel = v.union([finite, v.pipe(v.array(finite), v.minLength(1), v.maxLength(4))]);
const name = v.pipe(v.string(), v.minLength(1));

const SCHEMA = v.strictObject({
  $schema: v.optional(v.string()),
  input: v.optional(name),
  size: v.optional(extent),
  crop: v.optional(extent),
  resample: v.optional(v.picklist(['nearest', 'linear', 'cubic', 'lanczos3'])),
  scale: v.optional(perChannel),
  mean: v.optional(perChannel),
  std: v.optional(
    v.pipe(
      perChannel,
      v.check((std) => [std].flat().every((each) => each !== 0), 'std is not 0'),
    ),
  ),
  layout: v.optional(v.picklist(['NCHW', 'NHWC'])),
  order: v.optional(v.picklist(['RGB', 'BGR', 'GRAY'])),
  labels: v.optional(v.strictObject({ file: name, image: name })),
  columns: v.optional(
    v.record(
      name,
      v.union([v.pipe(v.array(name), v.minLength(1)), v.strictObject({ from: name, to: name })]),
    ),
  ),
});

/**
 * How files become inputs. Images: `value = (pixel * scale - mean) / std` for pixels 0 to 255, after resizing.
 *
 * - `input`: which input gets the image; needed only when the model has several.
 * - `size`: a number resizes the shorter side to it and keeps the proportions; `[height, width]` stretches. Without it
 *   (and without `crop`) images are stretched to the model's fixed height and width.
 * - `crop`: then cut this square, or `[height, width]`, from the middle.
 * - `resample`: interpolation of the resizing, default linear.
 * - `scale`, `mean`, `std`: a number, or one for each channel; defaults 1, 0, 1.
 * - `layout`: default as the model's shape shows, else NCHW. `order`: of the channels, default RGB (GRAY for one channel).
 * - `labels`: a CSV or TSV file (relative to the data path) whose column `image` names the images, relative to it.
 * - `columns`: tables only: which columns, in order, make up each input, as a list or from one column to another.
 */
export type Preprocess = v.InferOutput<typeof SCHEMA>;

/**
 * Checks the JSON of a preprocessing description.
 * @throws DatasetError `DATASET_PREPROCESS` with the field that is wrong.
 */
export function parsePreprocess(json: unknown, where = 'preprocess'): Preprocess {
  const result = v.safeParse(SCHEMA, json);
  if (result.success) return result.output;
  const issue = result.issues[0];
  throw new DatasetError({
    code: 'DATASET_PREPROCESS',
    where,
    message: `${v.getDotPath(issue) ?? 'it'}: ${clipped(issue.message)}.`,
    remedy: `Its fields are ${Object.keys(SCHEMA.entries).slice(1).join(', ')}.`,
  });
}
