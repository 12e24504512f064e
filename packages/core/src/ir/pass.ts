import type { Graph } from './graph.js';

/** Where a pass tells what it did; each line reaches the report. */
export interface PassLog {
  /** The pass changed something at a place (a node or value label). */
  fired(rule: string, place: string): void;
  /** A pattern matched but the rule declined, and why. */
  declined(rule: string, place: string, reason: string): void;
}

/** A graph transformation. `requires` and `ensures` throw GraphError when the contract does not hold. */
export interface Pass {
  readonly name: string;
  requires?(graph: Graph): void;
  /** Edits the graph in place; returns whether it changed. */
  run(graph: Graph, log: PassLog): boolean | Promise<boolean>;
  ensures?(graph: Graph): void;
}
