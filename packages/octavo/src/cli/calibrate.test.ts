import { readFileSync, writeFileSync } from 'node:fs';
import { float32, fromNumbers } from '@octavo/core/tensor';
import { restoreCalibration } from '@octavo/quantizer';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { octavo, Workspace } from '../../tests/command-line.js';
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

  it('go on where an interrupted run stopped', async () => {
    const whole = textOf(await calibrate('whole.json'));
    const part = JSON.parse(textOf(await calibrate('first.json', '--shard', '1/2')));
    data = saveNpz(work.path('halves.npz'), { x: rows(24, 32) });
    expect(part.samples).toBe(12);
    const half = saveNpz(work.path('half.npz'), { x: rows(10, 32) });
    const output = work.path('go-on.json');
    await octavo(['calibrate', model, '--data', half, '-o', output]);
    await calibrate('go-on.json', '--resume');
    expect(textOf(output)).toBe(whole);
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
