import { execFileSync } from 'node:child_process';
import { linkSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { float32 } from '@octavo/core/tensor';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { octavo, Workspace } from '../../tests/command-line.js';
import {
  classifier,
  rows,
  saveModel,
  saveNpy,
  saveNpz,
  twoInputs,
  withUnknownOp,
} from '../../tests/models.js';
import { documentOf } from '../../tests/schemas.js';

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

interface Failure {
  readonly code: 1 | 2;
  readonly error: string;
  /** What the line on stderr says. */
  readonly says: readonly (string | RegExp)[];
}

/** Runs a command line that must fail: one line, one document, and nothing new in the folder. */
async function fails(args: readonly string[], { code, error, says }: Failure): Promise<void> {
  const before = work.list();
  const plain = await octavo(args);
  expect(plain.code).toBe(code);
  expect(plain.stdout).toBe('');
  const line = plain.stderr.split('\n').find((each) => /^(octavo|error): /.test(each)) ?? '';
  for (const part of says) expect(line).toMatch(part);
  const json = await octavo([...args, '--json']);
  expect(json.code).toBe(code);
  expect(documentOf(json.stdout, 'error')).toMatchObject({ error: { code: error } });
  expect(work.list()).toEqual(before);
}

/** The same, for errors that Octavo words itself: the last of exactly the lines expected on stderr. */
async function failsInOneLine(args: readonly string[], failure: Failure, notices = 0): Promise<void> {
  const { stderr } = await octavo(args);
  expect(stderr.trimEnd().split('\n')).toHaveLength(1 + notices);
  await fails(args, failure);
}

describe('wrong usage exits with 2', () => {
  const usage = (args: () => string[], ...says: (string | RegExp)[]) => ({ args, says });
  it.each([
    ['no command', usage(() => [])],
    ['an unknown command', usage(() => ['quantise', model], /unknown command 'quantise'.*/)],
    ['an unknown flag', usage(() => ['inspect', model, '--fast'], "unknown option '--fast'")],
    ['a missing argument', usage(() => ['inspect'], "missing required argument 'model'")],
    ['an argument too many', usage(() => ['inspect', model, model], 'too many arguments')],
    [
      'a missing required flag',
      usage(() => ['quantize', model, '--mode', 'fp16'], "required option '-o, --output <file>'"),
    ],
    [
      'an unknown mode',
      usage(() => ['quantize', model, '-o', output, '--mode', 'int3'], /'int3' is invalid.*static/),
    ],
    [
      'an unknown metric',
      usage(() => ['evaluate', model, '--data', data, '--metric', 'top9'], /'top9' is invalid.*top1/),
    ],
    [
      'a bad segment',
      usage(
        () => ['evaluate', model, '--data', data, '--metric', 'top1', '--segment', 'price:low'],
        /"price:low" is no segment.*quantile4/,
      ),
    ],
    [
      'a number that is none',
      usage(
        () => ['compare', model, model, '--data', data, '--samples', 'many'],
        'whole number of at least 1',
      ),
    ],
    [
      'both granularities',
      usage(
        () => ['quantize', model, '-o', output, '--mode', 'dynamic', '--per-tensor', '--per-channel'],
        'cannot be used with',
      ),
    ],
    [
      'static without calibration',
      usage(() => ['quantize', model, '-o', output], /needs --calibration.*--mode dynamic/),
    ],
    [
      'a flag without meaning in the mode',
      usage(
        () => ['quantize', model, '-o', output, '--mode', 'fp16', '--block-size', '64'],
        /--block-size has no meaning with --mode fp16.*weight-only/,
      ),
    ],
    [
      'an input that is no name and file',
      usage(() => ['run', model, '--input', 'x.npy'], /no name and file.*name=file\.npy/),
    ],
    [
      'an input that the model lacks',
      usage(() => ['run', model, '--input', `y=${data}`], /no input y.*inputs are x/),
    ],
    ['an empty argument', usage(() => ['inspect', ''], 'an argument is empty')],
    [
      'an input given twice',
      usage(() => ['run', model, '--input', 'x=a.npy', '--input', 'x=b.npy'], /given twice/),
    ],
  ])('%s', async (_, { args, says }) => {
    await fails(args(), { code: 2, error: 'USAGE', says });
  });

  it.each([
    ['RECIPE_BLOCK_SIZE', ['--mode', 'weight-only', '--block-size', '48'], /48.*Use 16, 32/],
    ['RECIPE_WEIGHTS', ['--mode', 'dynamic', '--weights', 'int4'], /int4.*weight-only/],
  ])('a recipe that contradicts itself: %s', async (error, flags, says) => {
    await failsInOneLine(['quantize', model, '-o', output, ...flags], { code: 2, error, says: [says] });
  });

  it('an integer graph with activations of the other sign', async () => {
    const args = [
      'quantize',
      model,
      '-o',
      output,
      '--calibration',
      data,
      '--io',
      'int8',
      '--activations',
      'uint8',
    ];
    await fails(args, { code: 2, error: 'RECIPE_IO', says: [/Use --activations int8/] });
  });

  it('an output to score that the model lacks', async () => {
    const args = [
      'evaluate',
      model,
      '--data',
      data,
      '--label',
      'label',
      '--metric',
      'top1',
      '--output-name',
      'z',
    ];
    await fails(args, { code: 2, error: 'OUTPUT_UNKNOWN', says: [/output z: .*scores/] });
  });

  it('says how to get help', async () => {
    expect((await octavo(['inspect', '--fast'])).stderr).toContain('(add --help for usage and examples)');
  });
});

describe('files that are missing or no models', () => {
  it.each([
    ['inspect', () => ['inspect', work.path('none.onnx')]],
    ['quantize', () => ['quantize', work.path('none.onnx'), '-o', output, '--mode', 'dynamic']],
    ['evaluate', () => ['evaluate', work.path('none.onnx'), '--data', data, '--metric', 'top1']],
    ['compare', () => ['compare', model, work.path('none.onnx'), '--data', data]],
    ['run', () => ['run', work.path('none.onnx')]],
  ])('%s names the model that is missing', async (_, args) => {
    await failsInOneLine(args(), { code: 1, error: 'FILE_UNREADABLE', says: [/none\.onnx: .*ENOENT/] });
  });

  it('refuses bytes that are no ONNX', async () => {
    writeFileSync(work.path('text.onnx'), 'this is a text, and no model at all');
    await failsInOneLine(['inspect', work.path('text.onnx')], {
      code: 1,
      error: 'ONNX_NOT_A_MODEL',
      says: ['text.onnx'],
    });
  });

  it('refuses an empty file', async () => {
    writeFileSync(work.path('empty.onnx'), '');
    await failsInOneLine(['inspect', work.path('empty.onnx')], {
      code: 1,
      error: 'ONNX_NOT_A_MODEL',
      says: ['empty.onnx'],
    });
  });

  it('refuses a model that is cut off', async () => {
    const bytes = readFileSync(model);
    writeFileSync(work.path('cut.onnx'), bytes.subarray(0, bytes.length / 2));
    const args = ['quantize', work.path('cut.onnx'), '-o', output, '--mode', 'dynamic'];
    await failsInOneLine(args, { code: 1, error: 'ONNX_TRUNCATED', says: ['cut.onnx'] });
  });

  it('names the data path that is missing', async () => {
    const args = ['quantize', model, '-o', output, '--calibration', work.path('none')];
    await failsInOneLine(args, {
      code: 1,
      error: 'DATASET_UNREADABLE',
      says: [/none: .*ENOENT.*Check the path/],
    });
  });

  it('names the preprocessing file that is missing or wrong', async () => {
    const args = ['quantize', model, '-o', output, '--calibration', data, '--preprocess'];
    const file = work.path('preprocess.json');
    await failsInOneLine([...args, file], {
      code: 1,
      error: 'DATASET_UNREADABLE',
      says: ['preprocess.json'],
    });
    writeFileSync(file, '{ "size": 224, ');
    await failsInOneLine([...args, file], {
      code: 1,
      error: 'DATASET_PREPROCESS',
      says: [/preprocess\.json: it is no JSON/],
    });
    writeFileSync(file, '{ "sise": 224 }');
    await failsInOneLine([...args, file], {
      code: 1,
      error: 'DATASET_PREPROCESS',
      says: [/preprocess\.json: .*sise.*fields are/],
    });
  });

  it('names the .npy input that is missing', async () => {
    const args = ['run', model, '--input', `x=${work.path('none.npy')}`, '--output', work.path('out')];
    await failsInOneLine(args, { code: 1, error: 'DATASET_UNREADABLE', says: ['none.npy'] });
  });
});

describe('data that does not serve', () => {
  const quantize = (path: string) => ['quantize', model, '-o', output, '--calibration', path];

  it('empty calibration arrays', async () => {
    const empty = saveNpz(work.path('empty.npz'), { x: float32([], [0, 32]) });
    await failsInOneLine(quantize(empty), {
      code: 1,
      error: 'DATASET_EMPTY',
      says: [/empty\.npz: it holds no samples/],
    });
  });

  it('an empty calibration folder', async () => {
    mkdirSync(work.path('folder'));
    await failsInOneLine(quantize(work.path('folder')), {
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
    await fails(quantize(bad), { code: 1, error: 'CALIBRATION_NAN', says });
  });

  it('calibration data of another shape', async () => {
    const narrow = saveNpz(work.path('narrow.npz'), { x: rows(6, 31) });
    await failsInOneLine(quantize(narrow), {
      code: 1,
      error: 'DATASET_SHAPE',
      says: [/narrow\.npz: .*\[N, 32\].*\[6, 31\]/],
    });
  });

  it('calibration data under another name', async () => {
    const other = saveNpz(work.path('other.npz'), { pixels: rows(6, 32) });
    await failsInOneLine(quantize(other), {
      code: 1,
      error: 'DATASET_MISSING_ARRAY',
      says: [/no array is named x; found pixels.*Name/],
    });
  });

  it('only one of two inputs', async () => {
    const two = await saveModel(twoInputs(), work.path('two.onnx'));
    const one = saveNpz(work.path('one.npz'), { left: rows(5, 16) });
    const args = ['quantize', two, '-o', output, '--calibration', one];
    await failsInOneLine(args, { code: 1, error: 'DATASET_MISSING_ARRAY', says: ['right'] });
  });

  it('bytes that are no .npz archive', async () => {
    writeFileSync(work.path('text.npz'), 'no archive');
    await failsInOneLine(quantize(work.path('text.npz')), {
      code: 1,
      error: 'DATASET_NPZ',
      says: ['text.npz'],
    });
  });

  it('a .npy input of another shape or dtype', async () => {
    const narrow = saveNpy(work.path('narrow.npy'), rows(2, 31));
    const args = ['run', model, '--backend', 'reference', '--output', work.path('out'), '--input'];
    await failsInOneLine([...args, `x=${narrow}`], {
      code: 1,
      error: 'FEED_SHAPE',
      says: [/input x: expected float32 \[N, 32\], found \[2, 31\]/],
    });
  });

  it('evaluation without labels, or with none of the name', async () => {
    const args = ['evaluate', model, '--data', data, '--metric', 'top1'];
    await fails(args, { code: 1, error: 'LABEL_MISSING', says: [/data\.npz\[0\]: .*--label/] });
    await fails([...args, '--label', 'class'], {
      code: 1,
      error: 'DATASET_LABEL',
      says: [/class; found x, label/],
    });
  });

  it('labels that are no classes of the model', async () => {
    const prices = saveNpz(work.path('prices.npz'), { x: rows(2, 32), price: float32([1, 690_800]) });
    const args = ['evaluate', model, '--data', prices, '--metric', 'nll', '--label', 'price'];
    await fails(args, {
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
    await fails(args, { code: 1, error: 'SEGMENT_COLUMN', says: [/no column region.*columns are label/] });
  });
});

describe('models that cannot be quantized or run', () => {
  it('names the op that nothing runs', async () => {
    const odd = await saveModel(withUnknownOp(), work.path('odd.onnx'));
    const says = [/com\.example\.Swirl \(first at swirl;/];
    await fails(['run', odd], { code: 1, error: 'OP_UNSUPPORTED', says });
    await fails(['quantize', odd, '-o', output, '--calibration', data], {
      code: 1,
      error: 'OP_UNSUPPORTED',
      says,
    });
  });

  it('says why when no node is left to quantize', async () => {
    const args = ['quantize', model, '-o', output, '--calibration', data, '--exclude', 'Gemm'];
    await failsInOneLine(args, {
      code: 1,
      error: 'NOTHING_TO_QUANTIZE',
      says: [/excluded by Gemm.*--exclude/],
    });
  });
});

describe('places that cannot be written', () => {
  it('a directory that does not exist, found before calibration', async () => {
    const args = ['quantize', model, '-o', work.path('none', 'out.onnx'), '--calibration', data];
    await failsInOneLine(args, {
      code: 1,
      error: 'OUTPUT_UNWRITABLE',
      says: [/none\/out\.onnx: .*ENOENT.*directory/],
    });
  });

  it('a file in place of the directory', async () => {
    const args = ['quantize', model, '-o', `${data}/out.onnx`, '--mode', 'dynamic'];
    await failsInOneLine(args, { code: 1, error: 'OUTPUT_UNWRITABLE', says: ['data.npz'] });
  });

  it.skipIf(process.platform === 'win32')('a pipe or device in place of the file', async () => {
    execFileSync('mkfifo', [output]);
    const args = ['quantize', model, '-o', output, '--mode', 'fp16'];
    await failsInOneLine(args, { code: 1, error: 'OUTPUT_UNWRITABLE', says: ['no regular file'] });
  });

  it('a directory in place of the file', async () => {
    mkdirSync(output);
    const args = ['quantize', model, '-o', output, '--mode', 'dynamic'];
    await failsInOneLine(args, { code: 1, error: 'OUTPUT_UNWRITABLE', says: ['it is a directory'] });
  });

  it.skipIf(process.getuid === undefined || process.getuid() === 0)(
    'a directory without permission',
    async () => {
      mkdirSync(work.path('locked'), { mode: 0o555 });
      const args = ['quantize', model, '-o', work.path('locked', 'out.onnx'), '--mode', 'dynamic'];
      await failsInOneLine(args, { code: 1, error: 'OUTPUT_UNWRITABLE', says: ['EACCES'] });
    },
  );

  it('a report directory that is a file, found before the model is written', async () => {
    const args = ['quantize', model, '-o', output, '--mode', 'dynamic', '--report', `${data}/report`];
    await failsInOneLine(args, { code: 1, error: 'OUTPUT_UNWRITABLE', says: ['data.npz/report'] });
  });

  it('a directory for outputs of run that is a file', async () => {
    await failsInOneLine(['run', model, '--output', data], {
      code: 1,
      error: 'OUTPUT_UNWRITABLE',
      says: ['data.npz'],
    });
  });

  it.skipIf(process.platform !== 'linux')('a file system without new files', async () => {
    const failure: Failure = { code: 1, error: 'OUTPUT_UNWRITABLE', says: [/\/proc\/octavo.*ENOENT/] };
    await failsInOneLine(['run', model, '--output', '/proc/octavo'], failure);
    await fails(['quantize', model, '-o', '/proc/octavo.onnx', '--mode', 'fp16'], {
      ...failure,
      error: 'FILE_UNWRITABLE',
    });
  });

  it.each([
    ['the same path', () => model],
    ['the same path in other words', () => work.path('.', 'folder', '..', 'model.onnx')],
    ['a link', () => work.path('link.onnx')],
    ['a hard link', () => work.path('hard.onnx')],
  ])('the input itself: %s', async (_, target) => {
    mkdirSync(work.path('folder'));
    symlinkSync(model, work.path('link.onnx'));
    linkSync(model, work.path('hard.onnx'));
    const before = readFileSync(model);
    const args = ['quantize', model, '-o', target(), '--mode', 'fp16'];
    await failsInOneLine(args, {
      code: 2,
      error: 'OUTPUT_IS_INPUT',
      says: [/the output is the input.*another file/],
    });
    expect(readFileSync(model).equals(before)).toBe(true);
  });
});
