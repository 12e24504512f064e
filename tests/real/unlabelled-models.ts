import { join } from 'node:path';
import { float32 } from '@octavo/core/tensor';
import type { Sample } from '@octavo/datasets';
import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';
import type { Decide } from './decisions.js';
import { readPictures } from './picture-data.js';
import type { UnlabelledModel } from './real-model.js';

const nothingToDecide: Decide = () => [];

/** Seeded normal numbers as samples (Box and Muller 1958). */
function normalSamples(
  input: string,
  shape: readonly number[],
  { mean, std, count, seed }: { mean: number; std: number; count: number; seed: number },
): Sample[] {
  const random = xoroshiro128plus(seed);
  const size = shape.reduce((product, dim) => product * dim, 1);
  const normal = (): number =>
    Math.sqrt(-2 * Math.log(1 - uniformFloat64(random))) * Math.cos(2 * Math.PI * uniformFloat64(random));
  return Array.from({ length: count }, (_, n) => ({
    id: `${n}`,
    feeds: {
      [input]: float32(
        Array.from({ length: size }, () => mean + std * normal()),
        shape,
      ),
    },
  }));
}

function wakeword(word: string): UnlabelledModel {
  const numbers = { mean: 0, std: 10 };
  return {
    name: `wakeword ${word}`,
    file: `audio/wakeword/${word}_v2.onnx`,
    static: {},
    dynamic: {},
    calibratedOn: '64 random inputs',
    leastSqnr: 10,
    decide: nothingToDecide,
    calibration: async () => normalSamples('inputs_0', [1, 16, 96], { ...numbers, count: 64, seed: 1 }),
    inputs: async () => normalSamples('inputs_0', [1, 16, 96], { ...numbers, count: 64, seed: 2 }),
  };
}

const pictures = async (
  folder: string,
  input: { readonly name: string; readonly size: number; readonly std: number },
  [first, end]: readonly [number, number],
): Promise<Sample[]> => {
  const { name, size, std } = input;
  const plan = { name, height: size, width: size, mean: 0, std, order: 'RGB' as const };
  return (await readPictures(join(folder, 'images/imagenet_sample/crop224_public'), plan, end)).slice(first);
};

const WAKE = { name: 'input', size: 96, std: 255 };

/** Public models without labels or reference outputs. */
export const UNLABELLED_MODELS: readonly UnlabelledModel[] = [
  {
    name: 'vww_mobilenetv1 (person or not)',
    file: 'vision/mlperf_tiny/vww_mobilenetv1_025_96.onnx',
    static: {},
    dynamic: {},
    calibratedOn: '64 pictures',
    leastSqnr: 20,
    raisesScales: true,
    calibration: (folder) => pictures(folder, WAKE, [0, 64]),
    inputs: (folder) => pictures(folder, WAKE, [64, 96]),
  },
  {
    name: 'ad_autoencoder (machine sounds)',
    file: 'vision/mlperf_tiny/ad_autoencoder.onnx',
    static: {},
    dynamic: {},
    calibratedOn: '64 random inputs',
    leastSqnr: 10,
    decide: nothingToDecide,
    calibration: async () => normalSamples('input', [1, 640], { mean: -15, std: 10, count: 64, seed: 1 }),
    inputs: async () => normalSamples('input', [1, 640], { mean: -15, std: 10, count: 64, seed: 2 }),
  },
  wakeword('computer'),
  wakeword('jarvis'),
  wakeword('marvin'),
  {
    name: 'candy (style transfer)',
    file: 'vision/style_candy/candy.onnx',
    static: {},
    dynamic: {},
    calibratedOn: '2 pictures',
    leastSqnr: 10,
    decide: nothingToDecide,
    calibration: (folder) => pictures(folder, { name: 'inputImage', size: 720, std: 1 }, [0, 2]),
    inputs: (folder) => pictures(folder, { name: 'inputImage', size: 720, std: 1 }, [2, 3]),
  },
];
