import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { committedFiles } from './committed-files.js';
import { type DemoReport, isMeasured } from './report/demo-report.js';
import { runDemo } from './run-demo.js';

describe('runDemo', () => {
  const samples = 300;
  let directory = '';
  let report: DemoReport;

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'property-valuation-'));
    report = await runDemo({ directory, samples, notice: () => {} });
  });

  afterAll(async () => {
    await rm(directory, { recursive: true });
  });

  it('keeps the accuracy of the float model', () => {
    const { count, value, original } = report.evaluation.overall;
    expect(count).toBe(samples);
    expect(value).toBeLessThan(0.15);
    expect(original?.retention).toBeGreaterThan(0.98);
    expect(report.agreement.sqnr).toBeGreaterThan(30);
  });

  it('divides all sales by price band, region, season and segment', () => {
    expect(report.evaluation.segments.map(({ by }) => by)).toEqual([
      'price_band',
      'region',
      'season',
      'segment',
    ]);
    for (const { segments } of report.evaluation.segments) {
      expect(segments.reduce((sum, { count }) => sum + count, 0)).toBe(samples);
    }
  });

  it('writes a model of the size reported, less than half of the float one', async () => {
    const file = await readFile(join(directory, 'valuation.int8.onnx'));
    expect(report.sizes).toEqual({
      float: (await readFile(committedFiles.model)).length,
      int8: file.length,
    });
    expect(file.length).toBeLessThan(report.sizes.float / 2);
  });

  it('computes the hidden layers in integers', () => {
    const hidden = report.placements.filter(({ node }) => ['dense_0', 'dense_1'].includes(node));
    expect(hidden.map(({ op, dtype }) => `${op} ${dtype}`)).toEqual(['Gemm uint8', 'Gemm uint8']);
  });

  it('times both models on the reference backend, and names every backend', () => {
    expect([...new Set(report.latencies.map(({ backend }) => backend))]).toEqual([
      'reference',
      'cpu',
      'onnxruntime',
    ]);
    const measured = report.latencies.filter(isMeasured).filter(({ backend }) => backend === 'reference');
    expect(measured.map(({ model, runs }) => [model, runs > 0])).toEqual([
      ['float', true],
      ['int8', true],
    ]);
  });
});
