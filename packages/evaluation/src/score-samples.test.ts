import { createModel, parse } from '@octavo/core/ir';
import { float32, int64, OctavoError } from '@octavo/core/tensor';
import type { Sample } from '@octavo/datasets';
import type { Session } from '@octavo/runtime';
import { createOnnxRuntimeSession } from '@octavo/runtime/onnxruntime';
import { describe, expect, it } from 'vitest';
import { type Metric, mae, topK } from './metrics/index.js';
import { type ScoreOptions, scoreSamples } from './score-samples.js';

/** A model that gives its input doubled, and negated under another name. */
function openSession(): Promise<Session> {
  return createOnnxRuntimeSession(
    createModel(
      parse(`graph opset 17 {
      input %x: float32[n, k]
      const %two: float32[] = 2
      %doubled: float32[n, k] = Mul(%x, %two)
      %negated: float32[n, k] = Neg(%x)
      output %doubled, %negated
    }`),
    ),
  );
}

function sampleOf(id: string, rows: readonly (readonly number[])[], label: Sample['label']): Sample {
  const feeds = { x: float32(rows.flat(), [rows.length, rows[0]?.length ?? 0]) };
  return { id, feeds, columns: { place: id }, ...(label === undefined ? {} : { label }) };
}

async function score(samples: Iterable<Sample>, metric: Metric, options: Partial<ScoreOptions> = {}) {
  using session = await openSession();
  return await scoreSamples(session, samples, { metric, ...options });
}

async function codeOf(promise: Promise<unknown>): Promise<string> {
  try {
    await promise;
  } catch (error) {
    if (error instanceof OctavoError) return `${error.code} ${error.where ?? ''}`.trim();
    throw error;
  }
  return 'accepted';
}

describe('scoreSamples', () => {
  it('scores the first output, or the one named, against numbers and numeric text', async () => {
    const samples = [sampleOf('a', [[1, 5, 2]], 1), sampleOf('b', [[1, 5, 2]], '2')];
    expect((await score(samples, topK(1))).map((each) => each.score)).toEqual([1, 0]);
    expect(await score(samples.slice(0, 1), topK(1), { outputName: 'negated' })).toEqual([
      { id: 'a', label: 1, prediction: 0, score: 0, columns: { place: 'a' } },
    ]);
  });

  it('scores every row against a tensor of labels', async () => {
    const samples = [
      sampleOf(
        's',
        [
          [1, 2],
          [4, 3],
        ],
        int64([1, 1]),
      ),
    ];
    expect((await score(samples, topK(1))).map(({ id, score }) => [id, score])).toEqual([
      ['s[0]', 1],
      ['s[1]', 0],
    ]);
  });

  it('takes outputs to the unit of the labels', async () => {
    const [exp] = await score([sampleOf('a', [[0.5]], Math.exp(1) + 3)], mae, { transform: 'exp' });
    expect(exp?.score).toBeCloseTo(3, 6);
    const [log] = await score([sampleOf('a', [[0.5]], -1)], mae, { transform: 'log' });
    expect(log?.score).toBeCloseTo(1, 6);
  });

  it('marks samples whose output holds NaN and goes on', async () => {
    const scored = await score([sampleOf('bad', [[Number.NaN]], 1), sampleOf('good', [[1]], 2)], mae);
    expect(scored.map(({ id, score, hasNaN }) => [id, score, hasNaN])).toEqual([
      ['bad', Number.POSITIVE_INFINITY, true],
      ['good', 0, undefined],
    ]);
    const [negative] = await score([sampleOf('a', [[-1]], 0)], mae, { transform: 'log' });
    expect(negative?.hasNaN).toBe(true);
  });

  it('names samples with missing, textual or impossible labels', async () => {
    const row = [[1, 2, 3]];
    expect(await codeOf(score([sampleOf('a', row, undefined)], mae))).toBe('LABEL_MISSING a');
    expect(await codeOf(score([sampleOf('a', row, 'cat')], mae))).toBe('LABEL_TYPE a');
    expect(await codeOf(score([sampleOf('a', row, '')], mae))).toBe('LABEL_TYPE a');
    expect(await codeOf(score([sampleOf('a', row, int64([1, 2]))], mae))).toBe('LABEL_TYPE a');
    expect(await codeOf(score([sampleOf('ok', row, 2), sampleOf('b', row, 3)], topK(1)))).toBe(
      'LABEL_CLASS b',
    );
  });

  it('refuses unknown outputs and empty data', async () => {
    expect(await codeOf(score([], mae))).toBe('DATA_EMPTY');
    expect(await codeOf(score([sampleOf('a', [[1]], 1)], mae, { outputName: 'logits' }))).toBe(
      'OUTPUT_UNKNOWN output logits',
    );
  });

  it('reports each sample and stops between samples when asked', async () => {
    const controller = new AbortController();
    const seen: number[] = [];
    const samples = Array.from({ length: 5 }, (_, i) => sampleOf(`${i}`, [[i]], i));
    const onSample = (count: number): void => {
      seen.push(count);
      if (count === 2) controller.abort(new Error('stopped'));
    };
    await expect(score(samples, mae, { signal: controller.signal, onSample })).rejects.toThrow('stopped');
    expect(seen).toEqual([1, 2]);
  });
});
