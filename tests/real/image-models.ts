import { join } from 'node:path';
import type { Sample } from '@octavo/datasets';
import { openDataset } from '@octavo/datasets/node';
import { topK } from '@octavo/evaluation';
import { sameDecision } from './decisions.js';
import {
  FACE_INPUT,
  faceAnchors,
  personsFound,
  picturesWithFaces,
  readPictures,
  THING_INPUT,
  thingCells,
} from './picture-data.js';
import { readIdx, readPixels } from './pixels.js';
import type { LabelledModel } from './real-model.js';

const top1 = topK(1);
const POINT = 0.01;

const CIFAR_MEAN = [0.485, 0.456, 0.406];
const CIFAR_STD = [0.229, 0.224, 0.225];

function cifar(
  folder: string,
  which: 'train' | 'test',
  scale: (value: number, channel: number) => number,
): Promise<Sample[]> {
  const base = join(folder, 'images/cifar10_convnetjs');
  return readPixels(
    join(base, `${which}1000_rgb_u8_hwc.bin`),
    join(base, `${which}1000_labels_u8.bin`),
    32,
    'input',
    scale,
  );
}

const normalized = (value: number, channel: number): number =>
  (value / 255 - (CIFAR_MEAN[channel] ?? 0)) / (CIFAR_STD[channel] ?? 1);

async function imagenet(
  folder: string,
  scale: { mean: number; std: number },
  offset: number,
): Promise<Sample[]> {
  const dataset = await openDataset(join(folder, 'images/imagenet_sample'), {
    inputs: [{ name: 'input', dtype: 'float32', shape: ['N', 3, 224, 224] }],
    preprocess: { ...scale, labels: { file: 'labels_public.tsv', image: 'file' } },
    label: 'index',
  });
  const samples: Sample[] = [];
  for await (const sample of dataset.samples())
    samples.push({ ...sample, label: Number(sample.label) + offset });
  return samples;
}

const pool = (folder: string, scale: (value: number) => number): Promise<Sample[]> =>
  readPixels(join(folder, 'images/imagenet_sample/calib_100_rgb_u8_224.bin'), undefined, 224, 'input', scale);

const every = <T>(items: readonly T[], step: number): T[] => items.filter((_, i) => i % step === 0);

const otherPictures = (folder: string, input: typeof FACE_INPUT): Promise<Sample[]> =>
  readPictures(join(folder, 'images/imagenet_sample/crop224_public'), input, 50);

/** @param faces Pictures with the usual number of face anchors: slim finds 94 on 10.jpg, resized as we do. */
function ultraface(version: string, faces: number): LabelledModel {
  return {
    name: `ultraface ${version} (faces)`,
    file: `vision/ultraface/version-${version}-320.onnx`,
    metric: sameDecision,
    labels: 'float model',
    decide: faceAnchors,
    count: picturesWithFaces(faces),
    float: { value: 1, within: 0 },
    largestDrop: POINT,
    static: {},
    dynamic: {},
    calibratedOn: '55 other pictures',
    test: (folder) => readPictures(join(folder, 'vision/ultraface/imgs'), FACE_INPUT),
    calibration: async (folder) => [
      ...(await readPictures(join(folder, 'vision/fastestdet'), FACE_INPUT)),
      ...(await otherPictures(folder, FACE_INPUT)),
    ],
  };
}

const fastestDet: LabelledModel = {
  name: 'FastestDet (things)',
  file: 'vision/fastestdet/FastestDet.onnx',
  metric: sameDecision,
  labels: 'float model',
  decide: thingCells,
  count: personsFound,
  float: { value: 1, within: 0 },
  largestDrop: POINT,
  static: {},
  dynamic: {},
  calibratedOn: '61 other pictures',
  test: (folder) => readPictures(join(folder, 'vision/fastestdet'), THING_INPUT),
  calibration: async (folder) => [
    ...(await readPictures(join(folder, 'vision/ultraface/imgs'), THING_INPUT)),
    ...(await otherPictures(folder, THING_INPUT)),
  ],
};

/** Public models that look at images. */
export const IMAGE_MODELS: readonly LabelledModel[] = [
  {
    name: 'resnet20 (CIFAR-10)',
    file: 'vision/cifar_resnet/resnet20_cifar10.onnx',
    metric: top1,
    labels: 'data',
    float: { value: 0.915, within: 0.0005 },
    largestDrop: POINT,
    static: {},
    dynamic: {},
    calibratedOn: '200 training images',
    test: (folder) => cifar(folder, 'test', normalized),
    calibration: async (folder) => every(await cifar(folder, 'train', normalized), 5),
  },
  {
    name: 'resnet8 (CIFAR-10)',
    file: 'vision/mlperf_tiny/resnet8_cifar10.onnx',
    metric: top1,
    labels: 'data',
    float: { value: 0.881, within: 0.0005 },
    largestDrop: POINT,
    static: {},
    dynamic: {},
    calibratedOn: '200 training images',
    test: (folder) => cifar(folder, 'test', (value) => value),
    calibration: async (folder) => every(await cifar(folder, 'train', (value) => value), 5),
  },
  {
    name: 'tiny_darknet (ImageNet)',
    file: 'vision/tiny_darknet/tiny_darknet.onnx',
    metric: top1,
    labels: 'data',
    float: { value: 0.658, within: 0.005 },
    largestDrop: POINT,
    static: { observer: 'mse' },
    dynamic: {},
    calibratedOn: '100 other images',
    test: (folder) => imagenet(folder, { mean: 0, std: 255 }, 0),
    calibration: (folder) => pool(folder, (value) => value / 255),
  },
  {
    name: 'mobilenetv2 (ImageNet)',
    file: 'vision/mobilenetv2_u8/mobilenetv2_1.0_224_u8dq.onnx',
    metric: top1,
    labels: 'data',
    float: { value: 0.874, within: 0.005 },
    largestDrop: POINT,
    static: {},
    dynamic: {},
    calibratedOn: '100 other images',
    test: (folder) => imagenet(folder, { mean: 128, std: 128 }, 1),
    calibration: (folder) => pool(folder, (value) => (value - 128) / 128),
  },
  {
    name: 'mnist (CNTK)',
    file: 'vision/mnist_cntk/mnist.onnx',
    metric: top1,
    labels: 'data',
    float: { value: 0.9891, within: 0.00005 },
    largestDrop: POINT,
    static: {},
    dynamic: {},
    calibratedOn: '1 in 100 of the test images: no others here',
    test: (folder) => readIdx(join(folder, 'images/mnist'), 'Input3'),
    calibration: async (folder) => every(await readIdx(join(folder, 'images/mnist'), 'Input3'), 100),
  },
  ultraface('RFB', 5),
  ultraface('slim', 4),
  fastestDet,
];
