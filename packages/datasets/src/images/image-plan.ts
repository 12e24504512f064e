import type { InputSpec } from '../dataset.js';
import { DatasetError } from '../dataset-error.js';
import type { Preprocess } from '../preprocess.js';

/** Height and width in pixels. */
export interface Extent {
  readonly height: number;
  readonly width: number;
}

/** Everything that turns an image file into a tensor, with all defaults filled in. */
export interface ImagePlan {
  readonly input: InputSpec;
  /** Resize the shorter side to a number, or stretch to an extent; undefined keeps the image's own size. */
  readonly resize: number | Extent | undefined;
  readonly crop: Extent | undefined;
  readonly resample: 'nearest' | 'linear' | 'cubic' | 'lanczos3';
  readonly scale: readonly number[];
  readonly mean: readonly number[];
  readonly std: readonly number[];
  readonly layout: 'NCHW' | 'NHWC';
  readonly order: 'RGB' | 'BGR' | 'GRAY';
}

/**
 * Completes a preprocessing description from the model's input.
 * @throws DatasetError `DATASET_PREPROCESS` when it is unclear which input gets the image, or values for channels do
 * not match their number; `DATASET_SHAPE` when the input takes no image.
 */
export function planImages(inputs: readonly InputSpec[], preprocess: Preprocess, where: string): ImagePlan {
  const input = imageInput(inputs, preprocess, where);
  const dims = imageDims(input, where);
  const layout = preprocess.layout ?? (isChannels(dims[2]) && !isChannels(dims[0]) ? 'NHWC' : 'NCHW');
  const [channels, height, width] =
    layout === 'NCHW' ? [dims[0], dims[1], dims[2]] : [dims[2], dims[0], dims[1]];
  const order = preprocess.order ?? (channels === 1 ? 'GRAY' : 'RGB');
  const fixed = typeof height === 'number' && typeof width === 'number' ? { height, width } : undefined;
  const { size, crop } = preprocess;
  const each = (value: number | number[] | undefined, otherwise: number, field: string) =>
    perChannel(value ?? otherwise, order === 'GRAY' ? 1 : 3, `${where}: ${field}`);
  return {
    input,
    resize:
      size === undefined
        ? crop === undefined
          ? fixed
          : undefined
        : Array.isArray(size)
          ? extentOf(size)
          : size,
    crop: crop === undefined ? (typeof size === 'number' ? fixed : undefined) : extentOf(crop),
    resample: preprocess.resample ?? 'linear',
    scale: each(preprocess.scale, 1, 'scale'),
    mean: each(preprocess.mean, 0, 'mean'),
    std: each(preprocess.std, 1, 'std'),
    layout,
    order,
  };
}

function imageInput(inputs: readonly InputSpec[], { input }: Preprocess, where: string): InputSpec {
  const found =
    input === undefined && inputs.length === 1 ? inputs[0] : inputs.find(({ name }) => name === input);
  if (found && inputs.length === 1) return found;
  throw new DatasetError({
    code: 'DATASET_PREPROCESS',
    where,
    message: `images feed models with one input; this one has ${inputs.map(({ name }) => name).join(', ')}.`,
    remedy: 'Save the preprocessed inputs as .npz files.',
  });
}

function imageDims(input: InputSpec, where: string): readonly (number | string | null | undefined)[] {
  const { shape } = input;
  if (shape === undefined) return [undefined, undefined, undefined];
  if (shape.length === 4 || shape.length === 3) return shape.slice(-3);
  throw new DatasetError({
    code: 'DATASET_SHAPE',
    where,
    message: `input ${input.name} has ${shape.length} dimensions; images need 3 or 4.`,
  });
}

function isChannels(dim: number | string | null | undefined): boolean {
  return dim === 1 || dim === 3;
}

function extentOf(size: number | readonly [number, number]): Extent {
  return typeof size === 'number' ? { height: size, width: size } : { height: size[0], width: size[1] };
}

function perChannel(value: number | readonly number[], channels: number, where: string): readonly number[] {
  if (typeof value === 'number') return new Array<number>(channels).fill(value);
  if (value.length === channels) return value;
  throw new DatasetError({
    code: 'DATASET_PREPROCESS',
    where,
    message: `${value.length} values for ${channels} channels.`,
    remedy: 'Give one number for all channels or one for each.',
  });
}
