import { readFileSync, writeFileSync } from 'node:fs';
import { OctavoError } from '@octavo/core/tensor';
import { toJsonSchema } from '@valibot/to-json-schema';
import { describe, expect, it } from 'vitest';
import { metricsOf, segmentationsOf } from './needs.js';
import { parseSuite } from './parse.js';
import { SUITE_SCHEMA } from './schema.js';

const SCHEMA_FILE = new URL('../../../../docs/schemas/suite.json', import.meta.url);

function failureOf(text: string): string {
  try {
    parseSuite(text, 's.yaml');
  } catch (error) {
    if (error instanceof OctavoError) return `${error.code} ${error.where}: ${error.fault}`;
    throw error;
  }
  return 'accepted';
}

describe('parseSuite', () => {
  it('reads YAML, and JSON as a part of it', () => {
    const suite = parseSuite('data: test.csv\nmetrics: [mape, top3]\naccuracy:\n  - minRetention: 0.99\n');
    expect(suite).toEqual({
      data: 'test.csv',
      metrics: ['mape', 'top3'],
      accuracy: [{ minRetention: 0.99 }],
    });
    expect(parseSuite('{"data": "x.npz"}')).toEqual({ data: 'x.npz' });
  });

  it.each([
    ['data: [', /SUITE_SYNTAX s\.yaml:1:8/],
    ['data: a\ndata: b', /SUITE_SYNTAX s\.yaml:2:1: Map keys must be unique/],
    ['a: &a [x]\nb: [*nothing]', /SUITE_SYNTAX/],
    ['', /SUITE_FIELD s\.yaml.*the suite/],
    ['metrics: [mape]', /SUITE_FIELD s\.yaml:1:1: data: it is missing/],
    ['data: 4', /SUITE_FIELD s\.yaml:1:7: data/],
    ['data: a\nmetrics: [mape, mop]', /SUITE_FIELD s\.yaml:2:17: metrics\.1: expected one of accuracy, top1/],
    [
      'data: a\nmetrics: [mape]\naccuracy:\n  - metrik: mape',
      /s\.yaml:4:13: accuracy\.0\.metrik: there is no such field/,
    ],
    ['data: a\nsamples: 0', /s\.yaml:2:10: samples/],
    ['data: a\nsegments: [a, "x:y:z"]', /s\.yaml:2:15: segments\.1: "x:y:z" is no segment/],
    ['data: a\ndomain: { time: { period: "a:b" } }\nmetrics: [mae]', /domain\.time\.period/],
    ['data: a\naccuracy: [{ minRetention: 0.9 }]', /s\.yaml:2:12: accuracy\.0: no metric is named/],
    ['data: a\naccuracy: [{ metric: mae, minRetention: .inf }]', /accuracy\.0\.minRetention/],
    ['data: a\nstability: { maxSaturated: 1.5 }', /stability\.maxSaturated/],
  ])('names the place of what is wrong: %j', (text, says) => {
    expect(failureOf(text)).toMatch(says);
  });

  it('refuses aliases that expand without end', () => {
    const level = (i: number): string => `l${i}: &l${i} [${new Array(9).fill(`*l${i - 1}`).join(', ')}]`;
    const bomb = ['l0: &l0 [x]', ...Array.from({ length: 9 }, (_, i) => level(i + 1))].join('\n');
    expect(failureOf(bomb)).toMatch(/SUITE_SYNTAX .*alias/i);
  });
});

describe('what a suite needs', () => {
  it('is every metric and segmentation that it names, each once', () => {
    const suite = parseSuite(`
data: a
metrics: [mape]
segments: [region]
accuracy: [{ metric: r2, min: 0.9 }, { segments: [region, "date:month"], maxDrop: 0.01 }]
fidelity: [{ metric: sqnr, segments: [zone], min: 20 }]
domain:
  priceRange: [{ by: "label:1,2", metric: mae, max: 3 }]
  time: { period: "date:month", maxTrend: 0.1 }
`);
    expect(metricsOf(suite).map(({ name }) => name)).toEqual(['mape', 'r2', 'mae']);
    expect(segmentationsOf(suite).map(({ spec }) => spec)).toEqual([
      'region',
      'date:month',
      'zone',
      'label:1,2',
    ]);
  });
});

describe('docs/schemas/suite.json', () => {
  it('is what suites are checked against (OCTAVO_WRITE_SCHEMAS=1 writes it)', () => {
    const generated = {
      ...toJsonSchema(SUITE_SCHEMA, { target: 'draft-2020-12', ignoreActions: ['finite'] }),
      $schema: 'https://json-schema.org/draft/2020-12/schema',
      title: 'octavo check --suite',
      description: 'A suite: what a model is measured on, and the limits that it must keep.',
    };
    if (process.env['OCTAVO_WRITE_SCHEMAS'])
      writeFileSync(SCHEMA_FILE, `${JSON.stringify(generated, null, 2)}\n`);
    expect(JSON.parse(readFileSync(SCHEMA_FILE, 'utf8'))).toEqual(JSON.parse(JSON.stringify(generated)));
  });
});
