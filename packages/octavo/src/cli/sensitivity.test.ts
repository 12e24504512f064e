import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import { int64 } from '@octavo/core/tensor';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { octavo, Workspace } from '../../tests/command-line.js';
import { fails } from '../../tests/failures.js';
import { classifier, rows, saveModel, saveNpz } from '../../tests/models.js';
import { documentOf } from '../../tests/schemas.js';

let work: Workspace;
let model: string;
let data: string;

beforeAll(async () => {
  work = new Workspace();
  model = await saveModel(classifier(), work.path('model.onnx'));
  const label = int64(Array.from({ length: 12 }, (_, i) => i % 4));
  data = saveNpz(work.path('data.npz'), { x: rows(12, 32), label });
});
afterAll(() => work.remove());

const analysis = (...args: string[]): string[] => ['sensitivity', model, '--data', data, ...args];
const exact = (...args: string[]): string[] => analysis('--label', 'label', '--metric', 'nll', ...args);

describe('octavo sensitivity', () => {
  it('ranks both layers cheaply, by SQNR', async () => {
    const ran = await octavo(analysis('--json'));
    expect(ran.code).toBe(0);
    const { layers, ...rest } = documentOf(ran.stdout, 'sensitivity');
    expect(rest).toEqual({
      ...{ model, data, mode: 'cheap', metric: null, samples: 12 },
      notRanked: [{ op: 'Relu', nodes: 1, because: 'part of the layer before it' }],
    });
    if (!Array.isArray(layers)) throw new Error('layers are a list');
    expect(layers).toHaveLength(2 * 3 * 3);
    const sqnr = layers.map((layer) => layer.sqnr);
    expect(sqnr).toEqual([...sqnr].sort((a, b) => a - b));
    expect(layers[0]).toMatchObject({ bits: 2, part: 'both' });
  });

  it('measures the metric of every layer, and prints the ranking as text', async () => {
    const ran = await octavo(exact('--bits', '8', '--parts', 'weights,both'));
    expect(ran.code).toBe(0);
    expect(ran.stdout).toMatch(/layer +op +part +bits +SQNR dB +nll +drop/);
    expect(ran.stdout.match(/hidden_gemm/g)).toHaveLength(2);
    expect(ran.stderr).toContain('measuring 4 single layers');
  });

  it('lists what it does not rank, and why', async () => {
    const { stdout } = await octavo(analysis('--bits', '8'));
    expect(stdout).toMatch(/^not ranked +nodes +because$/m);
    expect(stdout).toMatch(/^Relu +1 +part of the layer before it$/m);
  });

  it('writes a chart', async () => {
    const chart = work.path('chart.svg');
    const ran = await octavo(analysis('--chart', chart, '--bits', '4'));
    expect(ran.code).toBe(0);
    const svg = readFileSync(chart, 'utf8');
    expect(svg).toMatch(/^<svg /);
    expect(svg).toContain('hidden_gemm, both, 4 bits');
  });

  it('goes on from the state of an interrupted run', async () => {
    const state = work.path('state.jsonl');
    const whole = await octavo(exact('--json', '--state', state));
    const lines = readFileSync(state, 'utf8').trimEnd().split('\n');
    expect(lines).toHaveLength(1 + 18);
    writeFileSync(state, `${lines.slice(0, 8).join('\n')}\n${lines[8]?.slice(0, 20)}`);
    const resumed = await octavo(exact('--json', '--state', state));
    expect(resumed.stdout).toBe(whole.stdout);
    const again = readFileSync(state, 'utf8').trimEnd().split('\n');
    expect(again.slice(0, 8)).toEqual(lines.slice(0, 8));
    expect([...again].sort()).toEqual([...lines].sort());
  });

  it('keeps what an interrupted run has measured', async () => {
    const state = work.path('interrupted.jsonl');
    const measured = (): number => {
      try {
        return readFileSync(state, 'utf8').split('\n').length - 2;
      } catch {
        return 0;
      }
    };
    const interrupt = { signal: 'SIGINT' as const, when: () => measured() > 2 };
    expect((await octavo(exact('--state', state), { interrupt })).code).toBe(130);
    expect(measured()).toBeGreaterThan(2);
    expect(measured()).toBeLessThan(18);
    expect((await octavo(exact('--state', state, '--json'))).code).toBe(0);
    expect(measured()).toBe(18);
  });

  it('refuses the state of other options and damaged lines', async () => {
    const state = work.path('other.jsonl');
    await octavo(exact('--state', state, '--bits', '8', '--parts', 'both'));
    const other = [...analysis('--label', 'label'), '--metric', 'top1', '--state', state];
    await fails(work, other, { code: 1, error: 'STATE_MISMATCH', says: ['other.jsonl'] });
    appendFileSync(state, '{"node":"x"}\n');
    await fails(work, exact('--state', state), { code: 1, error: 'STATE_DAMAGED', says: ['other.jsonl:4'] });
  });

  it.each([
    ['without labels', ['--metric', 'top1'], 'LABEL_MISSING', 'no label'],
    ['by a metric of other outputs', ['--metric', 'auc', '--label', 'label'], 'OUTPUT_BINARY', 'found 4'],
  ])('refuses to measure %s before it observes anything', async (_, flags, error, says) => {
    const stderr = await fails(work, analysis(...flags), { code: 1, error, says: [says] });
    expect(stderr).not.toContain('observing');
  });

  it('takes top-k for any k', async () => {
    const ran = await octavo(analysis('--metric', 'top3', '--label', 'label', '--bits', '8', '--json'));
    expect(documentOf(ran.stdout, 'sensitivity')).toMatchObject({ metric: 'top3' });
  });

  it.each([
    [['--mode', 'exact'], '--metric'],
    [['--state', 'x.jsonl'], '--state'],
    [['--bits', '8,5'], '2, 4, 8, 16'],
    [['--parts', 'bias'], 'weights, activations, both'],
  ])('refuses %s', async (flags, says) => {
    await fails(work, analysis(...flags), { code: 2, error: 'USAGE', says: [says] });
  });
});
