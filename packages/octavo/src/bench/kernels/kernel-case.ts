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
  /** Set where the layer is compared with what a bare loop reads in the same rounds, not with the subject's limit. */
  readonly readsMemory?: true;
  build(): KernelProblem;
}

/** What `octavo bench <subject>` measures. */
export interface KernelSubject {
  readonly title: string;
  /** The limit of the machine that its layers are compared with. */
  readonly peak: PeakKind;
  readonly cases: readonly KernelCase[];
}

/** The layers that a graph computes, made of their outputs. */
export function problemOf(graph: Graph, outputs: readonly Value[], feeds: NamedTensors): KernelProblem {
  graph.outputs.push(...outputs);
  inferTypes(graph);
  return { model: createModel(graph), feeds };
}
