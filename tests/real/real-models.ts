import { join } from 'node:path';
import type { Sample } from '@octavo/datasets';
import { openDataset } from '@octavo/datasets/node';
import { type Metric, medianApe, nll, topK } from '@octavo/evaluation';
import { readHouseSales } from './house-sales.js';
import { readIdx, readPixels } from './pixels.js';
import type { RealModel } from './real-model.js';
import {
  readFileTypes,
  readKeywords,
  readShakespeare,
  readStories,
  sortedMetric,
  sortingProblems,
} from './token-data.js';

const top1: Metric = topK(1);
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

/** The public models that have labels or reference outputs. */
export const REAL_MODELS: readonly RealModel[] = [
  {
    name: 'resnet20 (CIFAR-10)',
    file: 'vision/cifar_resnet/resnet20_cifar10.onnx',
    metric: top1,
    float: { value: 0.915, within: 0.0005 },
    largestDrop: POINT,
    static: {},
    dynamic: {},
    test: (folder) => cifar(folder, 'test', normalized),
    calibration: async (folder) => every(await cifar(folder, 'train', normalized), 5),
  },
  {
    name: 'resnet8 (CIFAR-10)',
    file: 'vision/mlperf_tiny/resnet8_cifar10.onnx',
    metric: top1,
    float: { value: 0.881, within: 0.0005 },
    largestDrop: POINT,
    static: {},
    dynamic: {},
    test: (folder) => cifar(folder, 'test', (value) => value),
    calibration: async (folder) => every(await cifar(folder, 'train', (value) => value), 5),
  },
  {
    name: 'tiny_darknet (ImageNet)',
    file: 'vision/tiny_darknet/tiny_darknet.onnx',
    metric: top1,
    float: { value: 0.658, within: 0.005 },
    largestDrop: POINT,
    static: { observer: 'mse' },
    dynamic: {},
    test: (folder) => imagenet(folder, { mean: 0, std: 255 }, 0),
    calibration: (folder) => pool(folder, (value) => value / 255),
  },
  {
    name: 'mobilenetv2 (ImageNet)',
    file: 'vision/mobilenetv2_u8/mobilenetv2_1.0_224_u8dq.onnx',
    metric: top1,
    float: { value: 0.874, within: 0.005 },
    largestDrop: POINT,
    static: {},
    dynamic: {},
    test: (folder) => imagenet(folder, { mean: 128, std: 128 }, 1),
    calibration: (folder) => pool(folder, (value) => (value - 128) / 128),
  },
  {
    name: 'mnist (CNTK)',
    file: 'vision/mnist_cntk/mnist.onnx',
    metric: top1,
    float: { value: 0.9891, within: 0.00005 },
    largestDrop: POINT,
    static: {},
    dynamic: {},
    test: (folder) => readIdx(join(folder, 'images/mnist'), 'Input3'),
    calibration: async (folder) => every(await readIdx(join(folder, 'images/mnist'), 'Input3'), 100),
  },
  {
    name: 'kws_dscnn (keywords)',
    file: 'vision/mlperf_tiny/kws_dscnn.onnx',
    metric: top1,
    float: { value: 0.901, within: 0.0005 },
    largestDrop: POINT,
    static: {},
    dynamic: {},
    test: (folder) => readKeywords(folder, 'input'),
    calibration: async (folder) => every(await readKeywords(folder, 'input'), 10),
  },
  {
    name: 'magika (file types)',
    file: 'text/magika/model.onnx',
    metric: top1,
    float: { value: 1, within: 0 },
    largestDrop: POINT,
    static: {},
    dynamic: {},
    test: readFileTypes,
    calibration: async (folder) => every(await readFileTypes(folder), 4),
  },
  {
    name: 'kc_house_mlp (prices)',
    file: 'tabular/kc_house/kc_house_mlp.onnx',
    metric: medianApe,
    transform: 'exp',
    float: { value: 0.1107, within: 0.00005 },
    largestDrop: 0.02,
    static: {},
    dynamic: {},
    test: (folder) => readHouseSales(folder, 'test'),
    calibration: async (folder) => every(await readHouseSales(folder, 'train'), 20),
  },
  {
    name: 'stories260K (Llama)',
    file: 'lm/stories260K/stories260K.onnx',
    metric: nll,
    float: { value: 1.5805, within: 0.00005 },
    largestDrop: 0.02,
    static: {},
    dynamic: {},
    test: readStories,
    calibration: async (folder) => every(await readStories(folder), 8),
  },
  {
    name: 'gpt_nano_sort',
    file: 'lm/gpt_nano_sort/gpt_nano_sort.onnx',
    metric: sortedMetric,
    float: { value: 1, within: 0 },
    largestDrop: POINT,
    static: {},
    dynamic: {},
    test: async () => sortingProblems(),
    calibration: async () => every(sortingProblems(), 10),
  },
  {
    name: 'char_lstm (Shakespeare)',
    file: 'lm/char_lstm_shakespeare/char_lstm_shakespeare.onnx',
    metric: top1,
    float: { value: 0.518, within: 0.015 },
    largestDrop: POINT,
    static: {},
    dynamic: {},
    test: (folder) => readShakespeare(folder, 32, 512),
    calibration: (folder) => readShakespeare(folder, 16, 96),
  },
];
