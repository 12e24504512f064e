import { mape, medianApe, nll, topK } from '@octavo/evaluation';
import { readSpeechFrames, speechDecision, speechFrames } from './audio-data.js';
import { sameDecision } from './decisions.js';
import { readHouseSales } from './house-sales.js';
import type { LabelledModel } from './real-model.js';
import {
  nextToken,
  readFileTypes,
  readKeywords,
  readShakespeare,
  readStories,
  sortedMetric,
  sortingProblems,
} from './token-data.js';

const top1 = topK(1);
const POINT = 0.01;

const every = <T>(items: readonly T[], step: number): T[] => items.filter((_, i) => i % step === 0);

const silero: LabelledModel = {
  name: 'silero_vad (speech)',
  file: 'audio/silero_vad/silero_vad_16k_op15.onnx',
  metric: sameDecision,
  labels: 'float model',
  decide: speechDecision,
  count: speechFrames,
  float: { value: 1, within: 0 },
  largestDrop: POINT,
  static: {},
  dynamic: {},
  calibratedOn: '1 in 10 of the test frames: no others here',
  test: readSpeechFrames,
  calibration: async (folder, float) => every(await readSpeechFrames(folder, float), 10),
};

/** Public models that read sound, text or tables. */
export const SEQUENCE_MODELS: readonly LabelledModel[] = [
  {
    name: 'kws_dscnn (keywords)',
    file: 'vision/mlperf_tiny/kws_dscnn.onnx',
    metric: top1,
    labels: 'data',
    float: { value: 0.901, within: 0.0005 },
    largestDrop: POINT,
    static: {},
    dynamic: {},
    calibratedOn: '1 in 10 of the test words: no others here',
    test: (folder) => readKeywords(folder, 'input'),
    calibration: async (folder) => every(await readKeywords(folder, 'input'), 10),
  },
  {
    name: 'magika (file types)',
    file: 'text/magika/model.onnx',
    metric: top1,
    labels: 'data',
    float: { value: 1, within: 0 },
    largestDrop: POINT,
    static: {},
    largestInt4Drop: 1.5 * POINT,
    dynamic: { layers: [{ ops: ['Conv'], activations: 'float' }] },
    weightOnly: {},
    calibratedOn: '1 in 4 of the test files: no others here',
    test: readFileTypes,
    calibration: async (folder) => every(await readFileTypes(folder), 4),
  },
  {
    name: 'kc_house_mlp (prices)',
    file: 'tabular/kc_house/kc_house_mlp.onnx',
    metric: medianApe,
    judge: mape,
    transform: 'exp',
    labels: 'data',
    float: { value: 0.1107, within: 0.00005 },
    largestDrop: POINT,
    largestInt4Drop: 1.5 * POINT,
    static: {},
    dynamic: {},
    weightOnly: {},
    calibratedOn: '1 in 20 of the training sales',
    test: (folder) => readHouseSales(folder, 'test'),
    calibration: async (folder) => every(await readHouseSales(folder, 'train'), 20),
  },
  {
    name: 'stories260K (Llama)',
    file: 'lm/stories260K/stories260K.onnx',
    metric: nll,
    judge: nextToken,
    labels: 'data',
    float: { value: 1.5805, within: 0.00005 },
    largestDrop: POINT,
    largestInt4Drop: 1.5 * POINT,
    static: {},
    dynamic: {},
    weightOnly: {},
    calibratedOn: '1 in 8 of the test stories: no others here',
    test: readStories,
    calibration: async (folder) => every(await readStories(folder), 8),
  },
  {
    name: 'gpt_nano_sort',
    file: 'lm/gpt_nano_sort/gpt_nano_sort.onnx',
    metric: sortedMetric,
    labels: 'data',
    float: { value: 1, within: 0 },
    largestDrop: POINT,
    largestInt4Drop: 1.5 * POINT,
    static: {},
    dynamic: {},
    weightOnly: {},
    calibratedOn: '1 in 10 of all inputs: there are no others',
    test: async () => sortingProblems(),
    calibration: async () => every(sortingProblems(), 10),
  },
  {
    name: 'char_lstm (Shakespeare)',
    file: 'lm/char_lstm_shakespeare/char_lstm_shakespeare.onnx',
    metric: top1,
    labels: 'data',
    float: { value: 0.518, within: 0.015 },
    largestDrop: POINT,
    static: {},
    dynamic: {},
    calibratedOn: 'other passages of the same text',
    test: (folder) => readShakespeare(folder, { count: 32, length: 512, from: 0 }),
    calibration: (folder) => readShakespeare(folder, { count: 32, length: 96, from: 0.5 }),
  },
  silero,
];
