import { readFileSync, writeFileSync } from 'node:fs';
import { float32, fromNumbers, StoredTensor, toNumbers } from '@octavo/core/tensor';
import { restoreCalibration } from '@octavo/quantizer';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { octavo, Workspace } from '../../tests/command-line.js';
import { fails } from '../../tests/failures.js';
import { classifier, rows, saveModel, saveNpz } from '../../tests/models.js';
import { documentOf } from '../../tests/schemas.js';

let work: Workspace;
let model: string;
let data: string;

beforeEach(async () => {
  work = new Workspace();
  model = await saveModel(classifier(), work.path('model.onnx'));
  data = saveNpz(work.path('data.npz'), { x: rows(24, 32) });
});
afterEach(() => work.remove());

async function calibrate(name: string, ...flags: string[]): Promise<string> {
  const output = work.path(name);
  const ran = await octavo(['calibrate', model, '--data', data, '-o', output, ...flags]);
  expect([ran.code, ran.stderr.includes('octavo:')]).toEqual([0, false]);
  return output;
}

const textOf = (path: string): string => readFileSync(path, 'utf8');

describe('octavo calibrate and merge', () => {
  it('say how much was observed', async () => {
    const args = ['calibrate', model, '--data', data, '-o', work.path('ranges.json'), '--json'];
    const ran = await octavo(args);
    expect(documentOf(ran.stdout, 'calibrate')).toMatchObject({ samples: 24, values: 2 });
  });

  it.each(['minmax', 'percentile', 'entropy', 'mse', 'moving-average'])(
    'keep what %s needs to give the same model as the samples themselves',
    async (observer) => {
      const ranges = await calibrate('ranges.json');
      const [direct, ranged] = [work.path('direct.onnx'), work.path('ranged.onnx')];
      const flags = ['--observer', observer];
      await octavo(['quantize', model, '-o', direct, '--calibration', data, ...flags]);
      const ran = await octavo(['quantize', model, '-o', ranged, '--ranges', ranges, ...flags]);
      expect(ran.code).toBe(0);
      expect(readFileSync(ranged).equals(readFileSync(direct))).toBe(true);
    },
  );

  it('give the same file whole, in shards that are merged in any order, and resumed', async () => {
    const whole = textOf(await calibrate('whole.json'));
    const shards = [];
    for (const shard of [1, 2, 3]) shards.unshift(await calibrate(`${shard}.json`, '--shard', `${shard}/3`));
    const merged = work.path('merged.json');
    const ran = await octavo(['merge', ...shards, '-o', merged, '--json']);
    expect(documentOf(ran.stdout, 'calibrate')).toMatchObject({ output: merged, samples: 24 });
    expect(textOf(merged)).toBe(whole);

    const resumed = await calibrate('resumed.json', '--resume');
    expect(textOf(resumed)).toBe(whole);
    await calibrate('resumed.json', '--resume');
    expect(textOf(resumed)).toBe(whole);
  });

  it('go on where an interrupted run stopped, but merge and quantize know that it is not done', async () => {
    const whole = textOf(await calibrate('whole.json'));
    const half = saveNpz(work.path('half.npz'), { x: rows(10, 32) });
    const output = work.path('go-on.json');
    await octavo(['calibrate', model, '--data', half, '-o', output]);
    const stopped = { ...JSON.parse(textOf(output)), origin: JSON.parse(whole).origin };
    writeFileSync(output, JSON.stringify(stopped));
    const merge = ['merge', output, '-o', work.path('none.json')];
    await fails(work, merge, { code: 1, error: 'CALIBRATION_UNFINISHED', says: ['go-on.json', '10 of 24'] });
    const quantize = ['quantize', model, '--ranges', output, '-o', work.path('part.onnx')];
    expect((await octavo(quantize)).stdout).toMatch(
      /warning: .*go-on.json has not seen 14 of the 24 samples/,
    );
    await calibrate('go-on.json', '--resume');
    expect(textOf(output)).toBe(whole);
  });

  it('refuse what is of another model of the same names', async () => {
    const other = classifier();
    const weight = other.graph.value('hidden_weight');
    if (!weight?.constant) throw new Error('the first layer has a weight');
    const ranges = await calibrate('ranges.json');
    const halved = toNumbers(await weight.constant.load()).map((each) => each / 2);
    weight.constant = StoredTensor.of(float32(halved, weight.constant.shape));
    const otherModel = await saveModel(other, work.path('other.onnx'));
    const otherRanges = work.path('other.json');
    expect((await octavo(['calibrate', otherModel, '--data', data, '-o', otherRanges])).code).toBe(0);
    const refused = { code: 1 as const, error: 'CALIBRATION_MISMATCH', says: ['another model'] };
    const to = (name: string) => ['-o', work.path(name)];
    await fails(work, ['quantize', otherModel, '--ranges', ranges, ...to('out.onnx')], refused);
    await fails(work, ['merge', ranges, otherRanges, ...to('out.json')], refused);
    const resume = ['calibrate', otherModel, '--data', data, '--resume', ...to('ranges.json')];
    await fails(work, resume, refused);
  });

  it('count no samples twice, and name shards that are missing', async () => {
    const [first, second, third] = await Promise.all(
      [1, 2, 3].map((shard) => calibrate(`${shard}.json`, '--shard', `${shard}/3`)),
    );
    const [merged, none] = [work.path('merged.json'), work.path('none.json')];
    const whole = await calibrate('whole.json');
    const merge = (output: string, ...files: (string | undefined)[]) => [
      'merge',
      ...files.map(String),
      '-o',
      output,
    ];
    const refused = { code: 1 as const, error: 'CALIBRATION_MISMATCH', says: ['merged already'] };
    await fails(work, merge(none, first, first), refused);
    await fails(work, merge(none, first, whole), refused);
    const half = await calibrate('half.json', '--shard', '2/2');
    await fails(work, merge(none, first, half), { ...refused, says: ['another number of shards'] });
    expect((await octavo(merge(merged, third, first))).code).toBe(0);
    const quantize = ['quantize', model, '--ranges', merged, '-o', work.path('out.onnx')];
    expect((await octavo(quantize)).stdout).toMatch(
      /warning: .*merged.json has not seen shard 2\/3 of 24 samples/,
    );
    await fails(work, merge(none, second, merged, third), refused);
    expect((await octavo(merge(none, second, merged))).code).toBe(0);
    expect(textOf(none)).toBe(textOf(whole));
  });

  it('go on only with the data that they began with, and join other data', async () => {
    const ranges = await calibrate('ranges.json', '--shard', '1/2');
    const others = saveNpz(work.path('others.npz'), { x: rows(24, 32, 1) });
    const resume = (path: string, shard: string) => [
      'calibrate',
      model,
      '--data',
      path,
      '--shard',
      shard,
      '--resume',
      '-o',
      ranges,
    ];
    const refused = {
      code: 1 as const,
      error: 'CALIBRATION_MISMATCH',
      says: ['ranges.json', 'shard 1/2 of 24 samples'],
    };
    await fails(work, resume(others, '1/2'), refused);
    await fails(work, resume(data, '2/2'), refused);
    const [monday, tuesday] = [await calibrate('monday.json'), work.path('tuesday.json')];
    expect((await octavo(['calibrate', model, '--data', others, '-o', tuesday])).code).toBe(0);
    const join = async (...files: string[]) => {
      const ran = await octavo(['merge', ...files, '-o', work.path('week.json'), '--json']);
      expect(documentOf(ran.stdout, 'calibrate')).toMatchObject({ samples: 48 });
      return textOf(work.path('week.json'));
    };
    expect(await join(monday, tuesday)).toBe(await join(tuesday, monday));
  });

  it('observe channels too, and merge them exactly', async () => {
    const flags = ['--per-channel', 'minmax'];
    const whole = await calibrate('whole.json', ...flags);
    const shards = [];
    for (const shard of [2, 1])
      shards.push(await calibrate(`${shard}.json`, '--shard', `${shard}/2`, ...flags));
    const merged = work.path('merged.json');
    expect((await octavo(['merge', ...shards, '-o', merged])).code).toBe(0);
    expect(textOf(merged)).toBe(textOf(whole));
    const calibration = restoreCalibration(JSON.parse(textOf(whole)));
    const { data: values } = rows(24, 32);
    const ranges = Array.from({ length: 32 }, (_, c) => {
      const column = values.filter((_, i) => i % 32 === c);
      return { min: Math.min(...column), max: Math.max(...column) };
    });
    expect(calibration.channelRanges('x')).toEqual(ranges);
    expect(calibration.channelRanges('rectified')).toHaveLength(64);
    const plain = await calibrate('plain.json');
    const ran = await octavo(['merge', plain, whole, '-o', work.path('none.json'), '--json']);
    expect(JSON.parse(ran.stdout).error.code).toBe('CALIBRATION_MISMATCH');
    expect(() => restoreCalibration(JSON.parse(textOf(plain))).channelRanges('x')).toThrow(/channels/);
    const damaged = {
      ...JSON.parse(textOf(whole)),
      channels: { x: { kind: 'minmax', axis: 1, channels: [{ kind: 'mse' }] } },
    };
    expect(() => restoreCalibration(damaged)).toThrow(/damaged/);
    const quantized = await octavo(['quantize', model, '--ranges', whole, '-o', work.path('ranged.onnx')]);
    expect(quantized.code).toBe(0);
  });

  it('warn of validation data beyond the samples, also when they go on', async () => {
    const wide = rows(24, 32).data.map((value, at) => (at % 32 === 7 ? 9 * value : value));
    const [zone, zones] = [24, 24].map((length, add) =>
      fromNumbers(
        'int64',
        [length],
        Array.from({ length }, (_, i) => (i + add) % (2 + add)),
      ),
    );
    const validation = saveNpz(work.path('wide.npz'), {
      x: float32(wide, [24, 32]),
      zone: zones ?? rows(1, 1),
    });
    data = saveNpz(work.path('zones.npz'), { x: rows(24, 32), zone: zone ?? rows(1, 1) });
    const flags = ['--validation', validation, '--segment', 'zone', '--resume', '--json'];
    for (const output of ['once.json', 'once.json']) {
      const ran = await octavo(['calibrate', model, '--data', data, '-o', work.path(output), ...flags]);
      expect(documentOf(ran.stdout, 'calibrate')['coverage']).toMatchObject({
        calibrationSamples: 24,
        inputs: [{ value: 'x', feature: 7, excess: expect.any(Number) }],
        segments: [{ by: 'zone', segment: '2', calibration: 0, validation: 8 }],
        unchecked: [],
      });
    }
    const [whole, ranged] = [work.path('whole.onnx'), work.path('ranged.onnx')];
    const quantize = [
      'quantize',
      model,
      '--validation',
      validation,
      '--validation-samples',
      '20',
      '--segment',
      'zone',
    ];
    const ran = await octavo([...quantize, '-o', whole, '--calibration', data]);
    expect(ran.stdout).toMatch(/warning: inputs .* x\[7\]/);
    const ranges = [...quantize, '-o', ranged, '--ranges', work.path('once.json'), '--json'];
    const document = documentOf((await octavo(ranges)).stdout, 'quantize');
    const { coverage } = document;
    expect(coverage).toMatchObject({ inputs: [], activations: [{ value: 'x' }, { value: 'rectified' }] });
    expect(readFileSync(ranged).equals(readFileSync(whole))).toBe(true);
  });

  it('refuse damaged files and calibrations of other models', async () => {
    const ranges = await calibrate('ranges.json');
    const state = JSON.parse(textOf(ranges));
    const [name = ''] = Object.keys(state.values);
    writeFileSync(
      work.path('other.json'),
      JSON.stringify({ ...state, values: { other: state.values[name] } }),
    );
    writeFileSync(
      work.path('damaged.json'),
      JSON.stringify({ ...state, values: { [name]: [{ kind: 'mse' }] } }),
    );
    const code = async (...args: string[]): Promise<unknown> =>
      JSON.parse((await octavo([...args, '--json'])).stdout).error.code;
    const output = work.path('out.json');
    expect(await code('merge', ranges, work.path('other.json'), '-o', output)).toBe('CALIBRATION_MISMATCH');
    expect(await code('merge', ranges, work.path('damaged.json'), '-o', output)).toBe('CALIBRATION_FILE');
    const onnx = ['quantize', model, '-o', work.path('out.onnx'), '--ranges', work.path('other.json')];
    expect(await code(...onnx)).toBe('CALIBRATION_UNSEEN');
    expect(work.list()).not.toContain('out.json');
    expect(work.list()).not.toContain('out.onnx');
  });
});
