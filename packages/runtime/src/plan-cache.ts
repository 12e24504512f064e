import type { Shape } from '@octavo/core/tensor';
import { HeldPlan, type PlanLease } from './held-plan.js';
import type { Plan } from './plan.js';

interface Entry {
  readonly held: Promise<HeldPlan>;
  ready?: HeldPlan;
  /** Acquired, but not compiled yet: such an entry is not evicted. */
  waiting: number;
}

/** Plans by the shapes of the inputs. Those used least recently go first. */
export class PlanCache {
  private readonly entries = new Map<string, Entry>();
  private readonly compile: (shapes: readonly Shape[]) => Promise<Plan>;
  private readonly limit: number;
  private closed = false;

  constructor(limit: number, compile: (shapes: readonly Shape[]) => Promise<Plan>) {
    this.limit = limit;
    this.compile = compile;
  }

  /** The plan for these shapes when it is ready. */
  ready(shapes: readonly Shape[]): Plan | undefined {
    return this.touch(keyOf(shapes))?.ready?.plan;
  }

  /** The plan for these shapes, compiled when it is new. It stays alive until it is released. */
  async acquire(shapes: readonly Shape[]): Promise<PlanLease> {
    const key = keyOf(shapes);
    const entry = this.touch(key) ?? this.add(key, shapes);
    if (entry.ready) return entry.ready.lease();
    entry.waiting++;
    try {
      return (await entry.held).lease();
    } finally {
      entry.waiting--;
      this.evict();
    }
  }

  /** Disposes of every plan when its last run is over. */
  close(): void {
    this.closed = true;
    this.evict();
  }

  private add(key: string, shapes: readonly Shape[]): Entry {
    const entry: Entry = { held: this.compile(shapes).then((plan) => new HeldPlan(plan)), waiting: 0 };
    this.entries.set(key, entry);
    entry.held.then(
      (held) => {
        entry.ready = held;
      },
      () => this.entries.delete(key),
    );
    return entry;
  }

  private touch(key: string): Entry | undefined {
    const entry = this.entries.get(key);
    if (entry && this.entries.size > 1) {
      this.entries.delete(key);
      this.entries.set(key, entry);
    }
    return entry;
  }

  private evict(): void {
    for (const [key, { ready, waiting }] of this.entries) {
      if (!this.closed && this.entries.size <= this.limit) return;
      if (!ready || waiting > 0) continue;
      this.entries.delete(key);
      ready.retire();
    }
  }
}

function keyOf(shapes: readonly Shape[]): string {
  let key = '';
  for (const shape of shapes) key += `${shape.join(',')};`;
  return key;
}
