import type { Graph, Value } from '@octavo/core/ir';
import type { StoredTensor } from '@octavo/core/tensor';
import { LastComputed } from './deferred-storage.js';

/** A constant of a graph around another, which reads it. */
export interface Loan {
  readonly value: Value;
  /** Of the graph that the value belongs to. */
  readonly memory: WeightMemory;
  /** What stands for a value of that graph in the one inside. */
  capture(value: Value): Value;
}

/**
 * What layers over one weight share. What is made of a weight is kept in the graph that the weight belongs to, once for the layers of
 * that graph and of those inside it.
 */
export class WeightMemory {
  /** The last computation. */
  readonly cache: LastComputed;
  /** The operands of layers of this graph, by what they are made of. */
  readonly operands = new Map<string, readonly (Value | undefined)[]>();
  private readonly graph: Graph;
  private readonly loans: ReadonlyMap<Value, Loan>;
  private readonly made = new Map<string, Value>();

  /** @param loans By the values of this graph that stand for constants of the one around it. */
  constructor(graph: Graph, loans: ReadonlyMap<Value, Loan> = new Map(), cache = new LastComputed()) {
    this.graph = graph;
    this.loans = loans;
    this.cache = cache;
  }

  /** The value of the outermost graph that a weight of this graph stands for: itself where it belongs to this one. */
  sourceOf(weight: Value): Value {
    const loan = this.loans.get(weight);
    return loan ? loan.memory.sourceOf(loan.value) : weight;
  }

  /** The initializers made that this graph holds. */
  get held(): readonly Value[] {
    return [...this.made.values()];
  }

  /**
   * An initializer made of a weight, as this graph reads it.
   * @param form What it is made for: equal forms and suffixes of a weight are one initializer.
   */
  add(weight: Value, suffix: string, form: string, make: () => StoredTensor): Value {
    const loan = this.loans.get(weight);
    return loan
      ? loan.capture(loan.memory.add(loan.value, suffix, form, make))
      : this.addHere(weight, suffix, form, make);
  }

  /** The same in this graph, whichever the weight belongs to. */
  addHere(weight: Value, suffix: string, form: string, make: () => StoredTensor): Value {
    const key = `${weight.name} ${suffix} ${form}`;
    const value = this.made.get(key) ?? this.graph.addInitializer(`${weight.name}_${suffix}`, make());
    this.made.set(key, value);
    return value;
  }
}
