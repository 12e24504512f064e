import type { Runnable, Tap } from '@octavo/backend';
import type { Tensor } from '@octavo/core/tensor';
import type { NodeExplanation } from './explain.js';
import type { NamedTensors } from './session.js';
import { SessionError } from './session-error.js';

/** A run of nodes on one backend; `inputs` and `outputs` are positions in the values of a run. */
export interface RunnableStage {
  readonly backend: { readonly id: string };
  readonly executable: Runnable;
  readonly inputs: readonly number[];
  readonly outputs: readonly number[];
  /** How many of the nodes that `explain` tells of are its own. */
  readonly nodes: number;
}

/** The values of one run that cross stages, by position; undefined before they are computed. */
export type RunValues = (Tensor | undefined)[];

/** Where the values of a run lie. */
export interface StageSlots {
  /** Positions of the inputs and outputs. */
  readonly inputs: readonly number[];
  readonly outputs: readonly number[];
  readonly outputNames: readonly string[];
  /** The values of a run before it begins: constants that are outputs. */
  readonly initial: Readonly<RunValues>;
}

/** What runs stage by stage: a graph that was compiled in this thread, or in another. */
export abstract class StageList<S extends RunnableStage = RunnableStage> {
  readonly stages: readonly S[];
  readonly slots: StageSlots;
  private disposed = false;

  constructor(stages: readonly S[], slots: StageSlots) {
    this.stages = stages;
    this.slots = slots;
  }

  /** Which kernel runs each node, stage by stage. */
  abstract explain(): readonly NodeExplanation[];

  async run(inputs: readonly Tensor[], tap?: Tap, signal?: AbortSignal): Promise<Tensor[]> {
    const values = this.begin(inputs);
    for (const stage of this.stages) {
      signal?.throwIfAborted();
      keep(stage, await stage.executable.run(operands(stage, values), tap, signal), values);
    }
    return this.collect(values);
  }

  runSync(inputs: readonly Tensor[], tap?: Tap, signal?: AbortSignal): Tensor[] {
    const values = this.begin(inputs);
    for (const stage of this.stages) {
      signal?.throwIfAborted();
      const { executable, backend } = stage;
      if (!executable.runSync) throw runsAsynchronously(backend.id);
      keep(stage, executable.runSync(operands(stage, values), tap), values);
    }
    return this.collect(values);
  }

  /** The values of a run before its first stage. */
  begin(inputs: readonly Tensor[]): RunValues {
    const values = this.slots.initial.slice();
    this.slots.inputs.forEach((slot, index) => {
      values[slot] = inputs[index];
    });
    return values;
  }

  /** The outputs of a run after its last stage. */
  collect(values: Readonly<RunValues>): Tensor[] {
    return this.slots.outputs.map((slot) => required(values[slot]));
  }

  dispose(): void {
    if (this.disposed) return;
    this.disposed = true;
    for (const { executable } of this.stages) executable[Symbol.dispose]();
  }
}

/** Results by the names of the outputs. */
export function namedTensors(names: readonly string[], results: readonly Tensor[]): NamedTensors {
  const tensors: Record<string, Tensor> = {};
  for (let i = 0; i < results.length; i++) {
    const [name, tensor] = [names[i], results[i]];
    if (name !== undefined && tensor) tensors[name] = tensor;
  }
  return tensors;
}

/** What a stage takes, in its order. */
export function operands(stage: RunnableStage, values: Readonly<RunValues>): Tensor[] {
  return stage.inputs.map((slot) => required(values[slot]));
}

/** Puts the results of a stage where later ones find them. */
export function keep(stage: RunnableStage, results: readonly Tensor[], values: RunValues): void {
  stage.outputs.forEach((slot, index) => {
    values[slot] = results[index];
  });
}

export function runsAsynchronously(backend: string): SessionError {
  return new SessionError({
    code: 'SESSION_ASYNC',
    message: `backend ${backend} runs asynchronously only.`,
    remedy: 'Use run().',
  });
}

function required(tensor: Tensor | undefined): Tensor {
  if (tensor) return tensor;
  throw new SessionError({
    code: 'SESSION_VALUE',
    message: 'a backend did not compute a value that it owes.',
  });
}
