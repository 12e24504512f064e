import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Calibration } from './calibration.js';
import {
  type CalibrationOrigin,
  joinOrigins,
  requireOrigin,
  samplesBegun,
  unseenData,
} from './calibration-origin.js';
import { restoreCalibration } from './restore-calibration.js';

/** What stands for a fingerprint. */
const digestOf = (digit: string): string => digit.repeat(64);

const of = (samples: number, count: number, ...shards: number[]): CalibrationOrigin => ({
  model: digestOf('a'),
  data: [{ digest: digestOf('d'), samples, shards, of: count }],
});

describe('the origin of a calibration', () => {
  it('counts the samples of shards, which together are the whole set in any order', () => {
    const sizes = fc.tuple(fc.integer({ min: 1, max: 200 }), fc.integer({ min: 2, max: 12 }));
    fc.assert(
      fc.property(sizes, fc.infiniteStream(fc.double({ noNaN: true })), ([samples, count], keys) => {
        const order = Array.from({ length: count }, (_, i) => i + 1)
          .map((shard) => [keys.next().value, shard] as const)
          .sort(([a], [b]) => a - b)
          .map(([, shard]) => of(samples, count, shard));
        expect(order.reduce((sum, each) => sum + samplesBegun(each), 0)).toBe(samples);
        expect(order.reduce((all, each) => joinOrigins(all, each))).toEqual(of(samples, 1, 1));
      }),
    );
  });

  it('names what was not seen, in a line whatever there is', () => {
    expect(unseenData(of(10, 1, 1), 10)).toEqual([]);
    expect(unseenData(of(10, 1, 1), 4)).toEqual(['6 of the 10 samples begun']);
    expect(unseenData(of(10, 4, 1, 3), 6)).toEqual(['shard 2/4, 4/4 of 10 samples (data dddddddddddd)']);
    const [many = ''] = unseenData(of(10, Number.MAX_SAFE_INTEGER, 1), 1);
    expect(many).toMatch(/9\/\d+ and \d+ more of 10 samples/);
  });

  it('says what differs from what is asked for', () => {
    const wanted = of(10, 2, 1);
    for (const found of [
      undefined,
      of(10, 2, 2),
      of(9, 2, 1),
      of(10, 1, 1),
      { ...wanted, model: digestOf('b') },
    ])
      expect(() => requireOrigin(found, wanted, 'r.json')).toThrow(/^r\.json: /);
    expect(() => requireOrigin(wanted, wanted)).not.toThrow();
  });

  it('is joined only to another one', () => {
    const [with1, without] = [new Calibration(new Map()), new Calibration(new Map())];
    with1.origin = of(10, 2, 1);
    for (const [a, b] of [
      [with1, without],
      [without, with1],
    ] as const)
      expect(() => a.merge(b, 'b.json')).toThrow(/b\.json.*only one/);
  });

  it('is read back from a file unless it is damaged', () => {
    const calibration = new Calibration(new Map(), 5, new Map(), of(10, 2, 1));
    const json = JSON.parse(JSON.stringify(calibration));
    expect(restoreCalibration(json).origin).toEqual(calibration.origin);
    const [seen] = json.origin.data;
    for (const damage of [
      { shards: [3] },
      { shards: [0] },
      { shards: [1, 1] },
      { of: -1 },
      { samples: 0.5 },
      { digest: `\u001b[2J${digestOf('d').slice(4)}` },
    ]) {
      const damaged = { ...json, origin: { ...json.origin, data: [{ ...seen, ...damage }] } };
      expect(() => restoreCalibration(damaged, 'r.json')).toThrow(/r\.json: origin\.data\.0/);
    }
    for (const origin of [
      { ...json.origin, model: '\u001b[2J' },
      { ...json.origin, data: [seen, { ...seen, shards: [2] }] },
    ])
      expect(() => restoreCalibration({ ...json, origin }, 'r.json')).toThrow(
        /r\.json: origin\.(model|data): Exp/,
      );
  });

  it('is not read from files of other versions, with what they are', () => {
    const json = JSON.parse(JSON.stringify(new Calibration(new Map(), 5, new Map(), of(10, 2, 1))));
    const reading = (version: unknown) => () => restoreCalibration({ ...json, version });
    expect(reading(1)).toThrow(/version: Expected 2 but received 1, which names no model/);
    expect(reading(3)).toThrow(/version: Expected 2 but received 3, which was written by a newer version/);
    expect(reading('x')).toThrow(/version: Expected 2 but received "x"\. /);
  });

  it('does not join shards of different cuts, nor the same samples twice', () => {
    const joining = (a: CalibrationOrigin, b: CalibrationOrigin) => () => joinOrigins(a, b, 'b.json');
    expect(joining(of(10, 2, 1), of(10, 4, 2))).toThrow(
      /b\.json.*another number of shards: shard 2\/4 .* after shard 1\/2 /,
    );
    for (const [a, b] of [
      [of(10, 2, 1), of(10, 2, 1)],
      [of(10, 1, 1), of(10, 2, 2)],
      [of(10, 2, 2), of(10, 1, 1)],
    ] as const)
      expect(joining(a, b)).toThrow(/merged already/);
  });
});
