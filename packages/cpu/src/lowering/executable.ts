import type {
  Executable,
  ExecutableToken,
  MemoryUse,
  NodePlan,
  ProfiledRun,
  Span,
  Tap,
} from '@octavo/backend';
import type { Value } from '@octavo/core/ir';
import type { Tensor } from '@octavo/core/tensor';
import type { NativeBinding, ProgramHandle } from '../binding.js';
import { callNative } from '../cpu-error.js';
import { NativeRunnable } from './native-runnable.js';
import { allocatePort, type ProgramSignature } from './signature.js';
import type { WeightLease } from './weight-cache.js';

/** A subgraph as one native program, and what is known about it. */
export interface CompiledProgram {
  readonly binding: NativeBinding;
  readonly handle: ProgramHandle;
  readonly signature: ProgramSignature;
  readonly plan: readonly NodePlan[];
  readonly memory: MemoryUse;
  /** For each op of the program the position of its node in the plan. */
  readonly steps: readonly number[];
  /** What taps see, with its position among the program's outputs. */
  readonly taps: readonly (readonly [Value, number])[];
  readonly leases: readonly WeightLease[];
}

export class NativeExecutable extends NativeRunnable implements Executable {
  readonly plan: readonly NodePlan[];
  readonly memory: MemoryUse;
  readonly #program: CompiledProgram;

  constructor(program: CompiledProgram) {
    super(program.binding, program.handle, program.signature);
    this.plan = program.plan;
    this.memory = program.memory;
    this.#program = program;
  }

  profile(inputs: readonly Tensor[]): ProfiledRun {
    const sources = this.sources(inputs);
    const { signature, steps } = this.#program;
    const outputs = signature.outputs.map(allocatePort);
    const nanoseconds = new Float64Array(steps.length);
    let start = performance.now();
    callNative(() =>
      this.binding.runProgram(
        this.handle,
        sources,
        outputs.map(({ data }) => data),
        nanoseconds,
      ),
    );
    const spans = steps.map((step, op): Span => {
      const duration = (nanoseconds[op] ?? 0) / 1e6;
      const span = { step, start, duration };
      start += duration;
      return span;
    });
    return { outputs: outputs.slice(0, signature.results), spans };
  }

  share(): ExecutableToken {
    this.checkAlive();
    const [id, generation] = callNative(() => this.binding.shareProgram(this.handle));
    return { id, generation };
  }

  protected override tapped(tap: Tap, outputs: readonly Tensor[]): void {
    for (const [value, position] of this.#program.taps) {
      const tensor = outputs[position];
      if (tensor) tap(value, tensor);
    }
  }

  protected override release(): void {
    super.release();
    for (const lease of this.#program.leases) lease.release();
  }
}
