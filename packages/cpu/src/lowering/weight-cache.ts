import type { StoredTensor } from '@octavo/core/tensor';
import type { ConstantHandle, NativeBinding, WeightsHandle } from '../binding.js';

/** Weights in the layout of a kernel, in native memory. */
export type PackedHandle = WeightsHandle;

/** Elements in native memory that somebody uses; `release` once. */
export interface WeightLease<H = PackedHandle | ConstantHandle> {
  readonly handle: H;
  release(): void;
}

interface Entry<H> {
  readonly handle: H;
  users: number;
}

/** One kind of handles by the constants that they were made from, and by how. */
class HandleCache<H extends PackedHandle | ConstantHandle> {
  readonly #free: (handle: H) => void;
  readonly #entries = new WeakMap<StoredTensor, Map<string, Entry<H>>>();
  /** Numbers of the constants that are packed with others. */
  readonly #numbers = new WeakMap<StoredTensor, number>();
  #numbered = 0;

  constructor(free: (handle: H) => void) {
    this.#free = free;
  }

  acquire(
    constant: StoredTensor,
    how: string,
    make: () => H,
    beside: readonly (StoredTensor | undefined)[] = [],
  ): WeightLease<H> {
    let key = how;
    for (const each of beside) key += ` ${this.#numberOf(each)}`;
    const made = this.#entries.get(constant) ?? new Map<string, Entry<H>>();
    this.#entries.set(constant, made);
    const entry = made.get(key) ?? { handle: make(), users: 0 };
    made.set(key, entry);
    entry.users++;
    return {
      handle: entry.handle,
      release: () => {
        if (--entry.users > 0) return;
        made.delete(key);
        this.#free(entry.handle);
      },
    };
  }

  #numberOf(constant: StoredTensor | undefined): number {
    if (!constant) return 0;
    const number = this.#numbers.get(constant) ?? ++this.#numbered;
    this.#numbers.set(constant, number);
    return number;
  }
}

/**
 * Packs each constant of a model once, however many programs read it. What no program uses any more is freed at
 * once; the key of a handle says how it was packed.
 */
export class WeightCache {
  readonly packed: HandleCache<PackedHandle>;
  readonly constants: HandleCache<ConstantHandle>;

  constructor(binding: NativeBinding) {
    this.packed = new HandleCache((handle) => binding.release(handle));
    this.constants = new HandleCache((handle) => binding.release(handle));
  }
}
