import type { Binding, ProfiledRun, Runnable, Span, Tap } from '@octavo/backend';
import { OctavoError, type Tensor, type TensorArray } from '@octavo/core/tensor';
import type { NativeBinding, ProgramHandle } from '../binding.js';
import { callNative } from '../cpu-error.js';
import { placedAtNode } from './placed-errors.js';
import { allocatePort, checkPort, type ProgramSignature } from './signature.js';
import { StagedRun } from './staged-run.js';
import { TapBuffers } from './tap-buffers.js';

/** A native program as a session runs it, in the thread that compiled it or in another. */
export class NativeRunnable implements Runnable {
  protected readonly binding: NativeBinding;
  protected readonly handle: ProgramHandle;
  protected readonly signature: ProgramSignature;
  readonly #isSmall: boolean;
  readonly #taps: TapBuffers;
  #staged: StagedRun | undefined;
  #disposed = false;

  constructor(binding: NativeBinding, handle: ProgramHandle, signature: ProgramSignature) {
    this.binding = binding;
    this.handle = handle;
    this.signature = signature;
    this.#isSmall = StagedRun.suits(signature);
    this.#taps = new TapBuffers(signature.outputs.slice(signature.results));
  }

  /**
   * In another thread, on copies of the inputs; a `signal` stops it between ops. Where a tap watches, in this thread
   * and to its end: copies of everything that is tapped would take longer than most runs.
   */
  async run(inputs: readonly Tensor[], tap?: Tap, signal?: AbortSignal): Promise<readonly Tensor[]> {
    signal?.throwIfAborted();
    if (tap) return this.runSync(inputs, tap);
    const sources = this.sources(inputs);
    const outputs = this.signature.outputs.map(allocatePort);
    await this.start(sources, outputs, signal);
    return outputs.slice(0, this.signature.results);
  }

  runSync(inputs: readonly Tensor[], tap?: Tap): readonly Tensor[] {
    const sources = this.sources(inputs);
    return this.#isSmall ? this.finish(this.runStaged(sources), tap) : this.runDirect(sources, tap);
  }

  bind(inputs: readonly Tensor[], given: readonly (Tensor | undefined)[]): Binding {
    const sources = this.sources(inputs);
    const outputs = this.signature.outputs.map((port, index) => {
      const tensor = given[index];
      return tensor ? checkPort(port, tensor) : allocatePort(port);
    });
    let run = callNative(() => this.binding.bindProgram(this.handle, sources, outputs.map(dataOf)));
    return {
      inputs,
      outputs: outputs.slice(0, this.signature.results),
      run: () => {
        if (this.#disposed) run = refuse;
        try {
          run();
        } catch (error) {
          throw this.#placed(error);
        }
      },
      [Symbol.dispose]: () => {
        run = refuse;
      },
    };
  }

  profile(inputs: readonly Tensor[]): ProfiledRun {
    const sources = this.sources(inputs);
    const { outputs: ports, results, steps } = this.signature;
    const outputs = ports.map(allocatePort);
    const nanoseconds = new Float64Array(steps.length);
    let start = performance.now();
    this.#runProgram(sources, outputs, nanoseconds);
    const spans = steps.map((step, op): Span => {
      const duration = (nanoseconds[op] ?? 0) / 1e6;
      const span = { step, start, duration };
      start += duration;
      return span;
    });
    return { outputs: outputs.slice(0, results), spans };
  }

  [Symbol.dispose](): void {
    if (this.#disposed) return;
    this.#disposed = true;
    this.release();
  }

  protected release(): void {
    this.binding.release(this.handle);
  }

  protected checkAlive(): void {
    if (this.#disposed) refuse();
  }

  /** The arrays of the inputs, once they are checked. */
  protected sources(inputs: readonly Tensor[]) {
    this.checkAlive();
    return this.signature.inputs.map((port, index) => checkPort(port, inputs[index]).data);
  }

  /** What an op refuses in a run, such as an index outside an axis, with the node that it computes. */
  #placed(error: unknown): unknown {
    return placedAtNode(error, this.signature, 'Check what the run is fed.');
  }

  /** @param nanoseconds Takes the time of each op. */
  #runProgram(
    sources: readonly TensorArray[],
    outputs: readonly Tensor[],
    nanoseconds?: Float64Array<ArrayBuffer>,
  ): void {
    try {
      callNative(() => this.binding.runProgram(this.handle, sources, outputs.map(dataOf), nanoseconds));
    } catch (error) {
      throw this.#placed(error);
    }
  }

  #tell(tap: Tap, outputs: readonly Tensor[]): void {
    for (const position of this.signature.taps) {
      const [port, tensor] = [this.signature.outputs[position], outputs[position]];
      if (port && tensor) tap(port.name, tensor);
    }
  }

  private finish(outputs: readonly Tensor[], tap: Tap | undefined): readonly Tensor[] {
    if (tap) this.#tell(tap, outputs);
    return outputs.length === this.signature.results ? outputs : outputs.slice(0, this.signature.results);
  }

  private runDirect(sources: readonly TensorArray[], tap: Tap | undefined): readonly Tensor[] {
    const { outputs: ports, results } = this.signature;
    const taps = this.#taps.take();
    const outputs = [...ports.slice(0, results).map(allocatePort), ...taps];
    this.#runProgram(sources, outputs);
    const found = this.finish(outputs, tap);
    this.#taps.giveBack(taps);
    return found;
  }

  private runStaged(sources: readonly TensorArray[]): readonly Tensor[] {
    this.#staged ??= new StagedRun(this.binding, this.handle, this.signature);
    try {
      return this.#staged.run(sources);
    } catch (error) {
      throw this.#placed(error);
    }
  }

  private start(
    sources: readonly Tensor['data'][],
    outputs: readonly Tensor[],
    signal: AbortSignal | undefined,
  ): Promise<void> {
    return new Promise((resolve, reject) => {
      let stop = () => {};
      const abort = () => stop();
      const done = (error: Error | undefined) => {
        signal?.removeEventListener('abort', abort);
        if (!error) resolve();
        else reject(signal?.aborted && isStopped(error) ? signal.reason : this.#placed(error));
      };
      stop = callNative(() => this.binding.startProgram(this.handle, sources, outputs.map(dataOf), done));
      signal?.addEventListener('abort', abort, { once: true });
    });
  }
}

function dataOf(tensor: Tensor): Tensor['data'] {
  return tensor.data;
}

function refuse(): never {
  throw new OctavoError({ code: 'SESSION_DISPOSED', message: 'this cpu executable was disposed.' });
}

function isStopped(error: Error): boolean {
  return 'code' in error && error.code === 'CPU_STOPPED';
}
