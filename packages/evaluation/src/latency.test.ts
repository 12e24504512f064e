import { createModel, parse } from '@octavo/core/ir';
import { float32 } from '@octavo/core/tensor';
import type { Session } from '@octavo/runtime';
import { createOnnxRuntimeSession } from '@octavo/runtime/onnxruntime';
import { describe, expect, it } from 'vitest';
import { measureLatency } from './latency.js';

async function openSession(): Promise<Session> {
  return await createOnnxRuntimeSession(
    createModel(parse('graph opset 17 { input %x: float32[2]\n %y: float32[2] = Neg(%x)\n output %y }')),
  );
}

const FEEDS = [{ x: float32([1, 2]) }, { x: float32([3, 4]) }];

describe('measureLatency', () => {
  it('gives runs, median and 95th percentile for each session', async () => {
    using first = await openSession();
    using second = await openSession();
    const figures = await measureLatency([first, second], FEEDS, 60_000, { runs: 9 });
    expect(figures.map(({ runs }) => runs)).toEqual([9, 9]);
    for (const { median, p95, throughput } of figures) {
      expect(throughput).toBeGreaterThan(0);
      expect(median).toBeGreaterThan(0);
      expect(p95).toBeGreaterThanOrEqual(median);
    }
  });

  it('makes three runs however small the budget', async () => {
    using session = await openSession();
    expect((await measureLatency([session], FEEDS, 0)).map(({ runs }) => runs)).toEqual([3]);
  });

  it('makes as many runs as fit the time, up to a limit', async () => {
    using session = await openSession();
    const slow: Session = {
      ...session,
      run: () => new Promise((resolve) => setTimeout(() => resolve({}), 5)),
    };
    const [figures] = await measureLatency([slow], FEEDS, 60);
    expect(figures?.runs).toBeGreaterThan(3);
    expect(figures?.runs).toBeLessThan(20);
    const [all] = await measureLatency([session], FEEDS, 60_000);
    expect(all?.runs).toBe(1000);
  });

  it('stops between runs when it is aborted', async () => {
    using session = await openSession();
    const controller = new AbortController();
    setTimeout(() => controller.abort(new Error('enough')), 5);
    const { signal } = controller;
    const timing = measureLatency([session], FEEDS, 60_000, { runs: 1_000_000, signal });
    await expect(timing).rejects.toThrow('enough');
  });
});
