import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { float32 } from '@octavo/core/tensor';
import { afterEach, beforeEach, describe, it } from 'vitest';
import { Workspace } from '../../tests/command-line.js';
import { fails, failsInOneLine } from '../../tests/failures.js';
import {
  classifier,
  rows,
  saveModel,
  saveNpy,
  saveNpz,
  twoInputs,
  withUnknownOp,
} from '../../tests/models.js';

let work: Workspace;
let model: string;
let data: string;
let output: string;

beforeEach(async () => {
  work = new Workspace();
  model = await saveModel(classifier(), work.path('model.onnx'));
  data = saveNpz(work.path('data.npz'), { x: rows(6, 32), label: float32([0, 1, 2, 3, 0, 1]) });
  output = work.path('out.onnx');
});
afterEach(() => work.remove());

describe('files that are missing or no models', () => {
  it.each([
    ['inspect', () => ['inspect', work.path('none.onnx')]],
    ['quantize', () => ['quantize', work.path('none.onnx'), '-o', output, '--mode', 'dynamic']],
    ['evaluate', () => ['evaluate', work.path('none.onnx'), '--data', data, '--metric', 'top1']],
    ['compare', () => ['compare', model, work.path('none.onnx'), '--data', data]],
    ['run', () => ['run', work.path('none.onnx')]],
  ])('%s names the model that is missing', async (_, args) => {
    await failsInOneLine(work, args(), { code: 1, error: 'FILE_UNREADABLE', says: [/none\.onnx: .*ENOENT/] });
  });

  it('refuses bytes that are no ONNX', async () => {
    writeFileSync(work.path('text.onnx'), 'this is a text, and no model at all');
    await failsInOneLine(work, ['inspect', work.path('text.onnx')], {
      code: 1,
      error: 'ONNX_NOT_A_MODEL',
      says: ['text.onnx'],
    });
  });

  it('refuses an empty file', async () => {
    writeFileSync(work.path('empty.onnx'), '');
    await failsInOneLine(work, ['inspect', work.path('empty.onnx')], {
      code: 1,
      error: 'ONNX_NOT_A_MODEL',
      says: ['empty.onnx'],
    });
  });

  it('refuses a model that is cut off', async () => {
    const bytes = readFileSync(model);
    writeFileSync(work.path('cut.onnx'), bytes.subarray(0, bytes.length / 2));
    const args = ['quantize', work.path('cut.onnx'), '-o', output, '--mode', 'dynamic'];
    await failsInOneLine(work, args, { code: 1, error: 'ONNX_TRUNCATED', says: ['cut.onnx'] });
  });

  it('names the data path that is missing', async () => {
    const args = ['quantize', model, '-o', output, '--calibration', work.path('none')];
    await failsInOneLine(work, args, {
      code: 1,
      error: 'DATASET_UNREADABLE',
      says: [/none: .*ENOENT.*Check the path/],
    });
  });

  it('names the preprocessing file that is missing or wrong', async () => {
    const args = ['quantize', model, '-o', output, '--calibration', data, '--preprocess'];
    const file = work.path('preprocess.json');
    await failsInOneLine(work, [...args, file], {
      code: 1,
      error: 'DATASET_UNREADABLE',
      says: ['preprocess.json'],
    });
    writeFileSync(file, '{ "size": 224, ');
    await failsInOneLine(work, [...args, file], {
      code: 1,
      error: 'DATASET_PREPROCESS',
      says: [/preprocess\.json: it is no JSON/],
    });
    writeFileSync(file, '{ "sise": 224 }');
    await failsInOneLine(work, [...args, file], {
      code: 1,
      error: 'DATASET_PREPROCESS',
      says: [/preprocess\.json: .*sise.*fields are/],
    });
  });

  it('names the .npy input that is missing', async () => {
    const args = ['run', model, '--input', `x=${work.path('none.npy')}`, '--output', work.path('out')];
    await failsInOneLine(work, args, { code: 1, error: 'DATASET_UNREADABLE', says: ['none.npy'] });
  });
});

describe('data that does not serve', () => {
  const quantize = (path: string) => ['quantize', model, '-o', output, '--calibration', path];

  it('empty calibration arrays', async () => {
    const empty = saveNpz(work.path('empty.npz'), { x: float32([], [0, 32]) });
    await failsInOneLine(work, quantize(empty), {
      code: 1,
      error: 'DATASET_EMPTY',
      says: [/empty\.npz: it holds no samples/],
    });
  });

  it('an empty calibration folder', async () => {
    mkdirSync(work.path('folder'));
    await failsInOneLine(work, quantize(work.path('folder')), {
      code: 1,
      error: 'DATASET_KIND',
      says: [/folder: .*no data.*Give/],
    });
  });

  it.each([
    ['NaN', Number.NaN],
    ['infinite', Number.POSITIVE_INFINITY],
  ])('calibration data with %s elements, named by sample and tensor', async (_, value) => {
    const numbers = rows(6, 32);
    numbers.data[32 * 3 + 5] = value;
    const bad = saveNpz(work.path('bad.npz'), { x: numbers });
    const says = [/bad\.npz\[3\], tensor x: .*(Remove|repair)/];
    await fails(work, quantize(bad), { code: 1, error: 'CALIBRATION_NAN', says });
  });

  it('calibration data of another shape', async () => {
    const narrow = saveNpz(work.path('narrow.npz'), { x: rows(6, 31) });
    await failsInOneLine(work, quantize(narrow), {
      code: 1,
      error: 'DATASET_SHAPE',
      says: [/narrow\.npz: .*\[N, 32\].*\[6, 31\]/],
    });
  });

  it('calibration data under another name', async () => {
    const other = saveNpz(work.path('other.npz'), { pixels: rows(6, 32) });
    await failsInOneLine(work, quantize(other), {
      code: 1,
      error: 'DATASET_MISSING_ARRAY',
      says: [/no array is named x; found pixels.*Name/],
    });
  });

  it('only one of two inputs', async () => {
    const two = await saveModel(twoInputs(), work.path('two.onnx'));
    const one = saveNpz(work.path('one.npz'), { left: rows(5, 16) });
    const args = ['quantize', two, '-o', output, '--calibration', one];
    await failsInOneLine(work, args, { code: 1, error: 'DATASET_MISSING_ARRAY', says: ['right'] });
  });

  it('bytes that are no .npz archive', async () => {
    writeFileSync(work.path('text.npz'), 'no archive');
    await failsInOneLine(work, quantize(work.path('text.npz')), {
      code: 1,
      error: 'DATASET_NPZ',
      says: ['text.npz'],
    });
  });

  it('a .npy input of another shape or dtype', async () => {
    const narrow = saveNpy(work.path('narrow.npy'), rows(2, 31));
    const args = ['run', model, '--backend', 'reference', '--output', work.path('out'), '--input'];
    await failsInOneLine(work, [...args, `x=${narrow}`], {
      code: 1,
      error: 'FEED_SHAPE',
      says: [/input x: expected float32 \[N, 32\], found \[2, 31\]/],
    });
  });

  it('evaluation without labels, or with none of the name', async () => {
    const args = ['evaluate', model, '--data', data, '--metric', 'top1'];
    await fails(work, args, { code: 1, error: 'LABEL_MISSING', says: [/data\.npz\[0\]: .*--label/] });
    await fails(work, [...args, '--label', 'class'], {
      code: 1,
      error: 'DATASET_LABEL',
      says: [/class; found x, label/],
    });
  });

  it('labels that are no classes of the model', async () => {
    const prices = saveNpz(work.path('prices.npz'), { x: rows(2, 32), price: float32([1, 690_800]) });
    const args = ['evaluate', model, '--data', prices, '--metric', 'nll', '--label', 'price'];
    await fails(work, args, {
      code: 1,
      error: 'LABEL_CLASS',
      says: [/prices\.npz\[1\]: the label 690800 is no class.*from 0 to 3/],
    });
  });

  it('a segment column that samples lack', async () => {
    const args = [
      'evaluate',
      model,
      '--data',
      data,
      '--metric',
      'top1',
      '--label',
      'label',
      '--segment',
      'region',
    ];
    await fails(work, args, {
      code: 1,
      error: 'SEGMENT_COLUMN',
      says: [/no column region.*columns are label/],
    });
  });

  it.each<[string, (path: string) => string[]]>([
    ['evaluate', (path) => ['evaluate', model, '--metric', 'top1', '--label', 'label', '--data', path]],
    [
      'evaluate --against',
      (path) => ['evaluate', model, '--metric', 'sqnr', '--against', model, '--data', path],
    ],
    ['report', (path) => ['report', model, model, '--data', path, '-o', work.path('report')]],
    [
      'quantize --report',
      (path) => [
        'quantize',
        model,
        '-o',
        output,
        '--mode',
        'dynamic',
        '--report',
        work.path('report'),
        '--validation',
        path,
        '--label',
        'label',
        '--metric',
        'top1',
      ],
    ],
  ])('%s refuses a segment column that the first sample lacks before any is scored', async (_, args) => {
    // The second sample does not fit the model: whoever comes to it says so.
    const path = work.path('data.jsonl');
    const features = Array.from({ length: 32 }, (_, i) => i / 32);
    const records = [
      { x: features, label: 0 },
      { x: [1], label: 1 },
    ].map((record) => JSON.stringify(record));
    writeFileSync(path, records.join('\n'));
    await fails(work, [...args(path), '--segment', 'region'], {
      code: 1,
      error: 'SEGMENT_COLUMN',
      says: [/no column region/],
    });
  });
});

describe('models that cannot be quantized or run', () => {
  it('names the op that nothing runs', async () => {
    const odd = await saveModel(withUnknownOp(), work.path('odd.onnx'));
    const says = [/com\.example\.Swirl \(first at swirl;/];
    await fails(work, ['run', odd], { code: 1, error: 'OP_UNSUPPORTED', says });
    await fails(work, ['quantize', odd, '-o', output, '--calibration', data], {
      code: 1,
      error: 'OP_UNSUPPORTED',
      says,
    });
  });

  it('says why when no node is left to quantize', async () => {
    const args = ['quantize', model, '-o', output, '--calibration', data, '--exclude', 'Gemm'];
    await failsInOneLine(work, args, {
      code: 1,
      error: 'NOTHING_TO_QUANTIZE',
      says: [/excluded by Gemm.*--exclude/],
    });
  });
});
