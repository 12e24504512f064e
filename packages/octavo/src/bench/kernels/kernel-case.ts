import { createModel, type Graph, inferTypes, type Model, type Value } from '@octavo/core/ir';
import type { PeakKind } from '@octavo/cpu';
import type { NamedTensors } from '@octavo/runtime';

/** One layer as a model of its own, which both runtimes are given. */
export interface KernelProblem {
  readonly model: Model;
  readonly feeds: NamedTensors;
}

/** A layer to measure. Its tensors exist only while it is measured. */
export interface KernelCase {
  /** The network that has this layer. */
  readonly suite: string;
  readonly name: string;
  /** Multiplications and additions. */
  readonly operations: number;
  /** Bytes of operands and results, each counted once. */
  readonly bytes: number;
  build(): KernelProblem;
}

/** What `octavo bench <subject>` measures. */
export interface KernelSubject {
  readonly title: string;
  /** The limit of the machine that its layers are compared with. */
  readonly peak: PeakKind;
  readonly cases: readonly KernelCase[];
}

/** The layer that a graph computes, made of its one output. */
export function problemOf(graph: Graph, output: Value, feeds: NamedTensors): KernelProblem {
  graph.outputs.push(output);
  inferTypes(graph);
  return { model: createModel(graph), feeds };
}
