import type { Model } from '@octavo/core/ir';
import { OctavoError } from '@octavo/core/tensor';
import type { NamedTensors } from '@octavo/runtime';
import { type BackendName, measureLatency, openSession, type Session } from 'octavo';
import type { LatencyEntry, Variant } from './report/demo-report.js';

/** What the demo times, in the order of the table. */
const backends: readonly BackendName[] = ['reference', 'cpu', 'onnxruntime'];
const variants = ['float', 'int8'] as const;

/**
 * Times one valuation at a time on each backend, both models side by side, with one thread.
 * A backend that this machine lacks gives an entry that says why.
 */
export async function timeBackends(
  models: Readonly<Record<Variant, Model>>,
  feeds: readonly NamedTensors[],
): Promise<readonly LatencyEntry[]> {
  const entries: LatencyEntry[] = [];
  for (const backend of backends) {
    entries.push(...(await timeBackend(backend, models, feeds)));
  }
  return entries;
}

async function timeBackend(
  backend: BackendName,
  models: Readonly<Record<Variant, Model>>,
  feeds: readonly NamedTensors[],
): Promise<readonly LatencyEntry[]> {
  const sessions: Session[] = [];
  try {
    for (const variant of variants) {
      sessions.push(await openSession(models[variant], { backend, threads: 1 }));
    }
    const latencies = await measureLatency(sessions, feeds);
    return latencies.map(({ median, p95, runs }, index) => ({
      backend,
      model: variants[index] ?? 'float',
      median: 1000 * median,
      p95: 1000 * p95,
      runs,
      nodes: nodesByBackend(sessions[index]),
    }));
  } catch (error) {
    if (!(error instanceof OctavoError)) {
      throw error;
    }
    return [{ backend, unavailable: error.fault.split('\n', 1).join('') }];
  } finally {
    for (const session of sessions) {
      session.dispose();
    }
  }
}

function nodesByBackend(session: Session | undefined): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const { backend } of session?.explain().nodes ?? []) {
    counts[backend] = (counts[backend] ?? 0) + 1;
  }
  return counts;
}
