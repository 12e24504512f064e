import type { Executable, ExecutableToken, MemoryUse, NodePlan } from '@octavo/backend';
import type { NativeBinding, ProgramHandle } from '../binding.js';
import { callNative } from '../cpu-error.js';
import { NativeRunnable } from './native-runnable.js';
import type { ProgramSignature } from './signature.js';
import type { WeightLease } from './weight-cache.js';

/** A subgraph as one native program, and what is known about it. */
export interface CompiledProgram {
  readonly binding: NativeBinding;
  readonly handle: ProgramHandle;
  readonly signature: ProgramSignature;
  readonly plan: readonly NodePlan[];
  readonly memory: MemoryUse;
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

  share(): ExecutableToken {
    this.checkAlive();
    const [id, generation] = callNative(() => this.binding.shareProgram(this.handle));
    return { id, generation };
  }

  protected override release(): void {
    super.release();
    for (const lease of this.#program.leases) lease.release();
  }
}
