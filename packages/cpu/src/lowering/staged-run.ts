import { Tensor, type TensorArray } from '@octavo/core/tensor';
import type { NativeBinding, ProgramHandle } from '../binding.js';
import { callNative } from '../cpu-error.js';
import { allocatePort, type ProgramSignature, portBytes } from './signature.js';

/** Programs that take and give no more bytes than this in all run on arrays of their own. */
const MOST_BYTES = 16_384;

/** Copies between arrays of one type. */
type SetElements = (this: TensorArray, from: TensorArray) => void;

/**
 * Runs on arrays that stay the same, between copies. To reach a small array the addon must first move it out of
 * JavaScript's heap, which takes longer than to copy it and to run a small model.
 */
export class StagedRun {
  readonly #inputs: readonly TensorArray[];
  readonly #outputs: readonly Tensor[];
  readonly #run: () => void;

  constructor(binding: NativeBinding, program: ProgramHandle, { inputs, outputs }: ProgramSignature) {
    this.#inputs = inputs.map((port) => allocatePort(port).data);
    this.#outputs = outputs.map(allocatePort);
    const targets = this.#outputs.map(({ data }) => data);
    this.#run = callNative(() => binding.bindProgram(program, this.#inputs, targets));
  }

  static suits({ inputs, outputs }: ProgramSignature): boolean {
    let bytes = 0;
    for (const port of [...inputs, ...outputs]) bytes += portBytes(port);
    return bytes <= MOST_BYTES;
  }

  /** New tensors with the outputs. `sources` have the types and sizes of the program's inputs. */
  run(sources: readonly TensorArray[]): Tensor[] {
    for (let i = 0; i < sources.length; i++) {
      const to = this.#inputs[i];
      const from = sources[i];
      if (to && from) (to.set as SetElements).call(to, from);
    }
    callNative(this.#run);
    return this.#outputs.map(({ dtype, shape, data }) => new Tensor(dtype, shape, data.slice()));
  }
}
