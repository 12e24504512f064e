import { type Shape, sameShape } from '@octavo/core/tensor';
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
  /** The entry used last: most runs want it again, and comparing shapes is quicker than making their key. */
  private recent: { readonly shapes: readonly Shape[]; readonly entry: Entry } | undefined;

  constructor(limit: number, compile: (shapes: readonly Shape[]) => Promise<Plan>) {
    this.limit = limit;
    this.compile = compile;
  }

  /** The plan for these shapes when it is ready. */
  ready(shapes: readonly Shape[]): Plan | undefined {
    return this.find(shapes)?.ready?.plan;
  }

  /** The plan for these shapes, compiled when it is new. It stays alive until it is released. */
  async acquire(shapes: readonly Shape[]): Promise<PlanLease> {
    const entry = this.find(shapes) ?? this.add(keyOf(shapes), copyOf(shapes));
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
    this.recent = { shapes, entry };
    entry.held.then(
      (held) => {
        entry.ready = held;
      },
      () => this.forget(key, entry),
    );
    return entry;
  }

  private find(shapes: readonly Shape[]): Entry | undefined {
    if (this.recent && sameShapes(this.recent.shapes, shapes)) return this.recent.entry;
    const key = keyOf(shapes);
    const entry = this.entries.get(key);
    if (!entry) return undefined;
    this.entries.delete(key);
    this.entries.set(key, entry);
    this.recent = { shapes: copyOf(shapes), entry };
    return entry;
  }

  private evict(): void {
    for (const [key, entry] of this.entries) {
      const { ready, waiting } = entry;
      if (!this.closed && this.entries.size <= this.limit) return;
      if (!ready || waiting > 0) continue;
      this.forget(key, entry);
      ready.retire();
    }
  }

  private forget(key: string, entry: Entry): void {
    this.entries.delete(key);
    if (this.recent?.entry === entry) this.recent = undefined;
  }
}

/** Shapes of one's own: the caller may change theirs. */
function copyOf(shapes: readonly Shape[]): readonly Shape[] {
  return shapes.map((shape) => [...shape]);
}

function sameShapes(a: readonly Shape[], b: readonly Shape[]): boolean {
  return a.length === b.length && a.every((shape, index) => sameShape(shape, b[index] ?? []));
}

function keyOf(shapes: readonly Shape[]): string {
  let key = '';
  for (const shape of shapes) key += `${shape.join(',')};`;
  return key;
}
