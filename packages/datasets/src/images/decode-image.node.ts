import { DatasetError } from '../dataset-error.js';
import type { ImagePlan } from './image-plan.js';
import type { Pixels } from './image-tensor.js';

/** Decodes, resizes and crops one image file to RGB or gray pixels. */
export type ImageDecoder = (path: string, plan: ImagePlan) => Promise<Pixels>;

/** More pixels than any photograph; a small file can claim far more. */
const MOST_PIXELS = 2 ** 28;

/**
 * A decoder on the optional package `sharp` (JPEG, PNG, WebP, GIF, TIFF, AVIF).
 * @throws DatasetError `DATASET_NO_DECODER` when it is not installed; decoding: `DATASET_IMAGE` for a broken file.
 */
export async function sharpDecoder(): Promise<ImageDecoder> {
  const { default: sharp } = await import('sharp').catch((cause: unknown) => {
    throw new DatasetError({
      code: 'DATASET_NO_DECODER',
      message: 'decoding images takes the optional package sharp, which is not installed.',
      remedy: 'Install it: npm install sharp.',
      cause,
    });
  });
  return async (path, plan) => {
    try {
      const kernel = plan.resample;
      let image = sharp(path, { limitInputPixels: MOST_PIXELS }).rotate().removeAlpha();
      image = plan.order === 'GRAY' ? image.grayscale() : image.toColourspace('srgb');
      if (typeof plan.resize === 'number') {
        image = image.resize({ width: plan.resize, height: plan.resize, fit: 'outside', kernel });
      } else if (plan.resize) {
        image = image.resize({ ...plan.resize, fit: 'fill', kernel });
      }
      const { data, info } = await image.raw().toBuffer({ resolveWithObject: true });
      return cropMiddle({ ...info, data }, plan, path);
    } catch (cause) {
      if (cause instanceof DatasetError) throw cause;
      throw new DatasetError({
        code: 'DATASET_IMAGE',
        where: path,
        message: `it cannot be decoded (${cause instanceof Error ? cause.message : String(cause)}).`,
        remedy: 'Remove the file or save it again as JPEG or PNG.',
        cause,
      });
    }
  };
}

function cropMiddle(pixels: Pixels, { crop }: ImagePlan, where: string): Pixels {
  if (!crop) return pixels;
  const top = Math.floor((pixels.height - crop.height) / 2);
  const left = Math.floor((pixels.width - crop.width) / 2);
  if (top < 0 || left < 0) {
    throw new DatasetError({
      code: 'DATASET_SHAPE',
      where,
      message: `cropping ${crop.height} x ${crop.width} from an image of ${pixels.height} x ${pixels.width}.`,
      remedy: 'Set a larger size in the preprocessing file.',
    });
  }
  const { channels } = pixels;
  const data = new Uint8Array(crop.height * crop.width * channels);
  for (let y = 0; y < crop.height; y++) {
    const start = ((top + y) * pixels.width + left) * channels;
    data.set(pixels.data.subarray(start, start + crop.width * channels), y * crop.width * channels);
  }
  return { ...crop, channels, data };
}
