import { float32 } from '@octavo/core/tensor';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { octavo, Workspace } from '../../tests/command-line.js';
import { fails, failsInOneLine } from '../../tests/failures.js';
import { classifier, rows, saveModel, saveNpz } from '../../tests/models.js';

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
      usage(() => ['evaluate', model, '--data', data, '--metric', 'top0'], /no metric top0.*top1/),
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
      'a reduced range without integer products',
      usage(
        () => ['quantize', model, '-o', output, '--mode', 'weight-only', '--reduce-range'],
        /--reduce-range has no meaning with --mode weight-only.*static or dynamic/,
      ),
    ],
    [
      'a format of another mode',
      usage(
        () => ['quantize', model, '-o', output, '--mode', 'weight-only', '--format', 'qoperator'],
        /--format qoperator has no meaning with --mode weight-only.*matmulnbits or qdq/,
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
    await fails(work, args(), { code: 2, error: 'USAGE', says });
  });

  it.each([
    ['RECIPE_BLOCK_SIZE', ['--mode', 'weight-only', '--block-size', '48'], /48.*Use 16, 32/],
    [
      'RECIPE_REDUCE_RANGE',
      ['--mode', 'dynamic', '--weights', 'uint8', '--reduce-range'],
      /uint8.*Leave reduce/,
    ],
    ['RECIPE_WEIGHTS', ['--mode', 'dynamic', '--weights', 'int4'], /int4.*weight-only/],
  ])('a recipe that contradicts itself: %s', async (error, flags, says) => {
    await failsInOneLine(work, ['quantize', model, '-o', output, ...flags], { code: 2, error, says: [says] });
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
    await fails(work, args, { code: 2, error: 'RECIPE_IO', says: [/Use --activations int8/] });
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
    await fails(work, args, { code: 2, error: 'OUTPUT_UNKNOWN', says: [/output z: .*scores/] });
  });

  it('says how to get help', async () => {
    expect((await octavo(['inspect', '--fast'])).stderr).toContain('(add --help for usage and examples)');
  });
});
