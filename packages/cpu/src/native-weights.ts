import type { NativeBinding, WeightsHandle } from './binding.js';

/**
 * Weights in the layout of this CPU's best kernel, in native memory that `dispose` frees at once and garbage
 * collection otherwise. The layout depends on the CPU: keep the original weights, never these.
 */
export abstract class NativeWeights<Handle extends WeightsHandle> implements Disposable {
  readonly #binding: NativeBinding;
  readonly #handle: Handle;

  constructor(binding: NativeBinding, handle: Handle) {
    this.#binding = binding;
    this.#handle = handle;
  }

  /** The native object and the addon that made it. */
  get native(): { readonly binding: NativeBinding; readonly handle: Handle } {
    return { binding: this.#binding, handle: this.#handle };
  }

  /** Frees the native memory; the weights cannot be used afterwards. Harmless when repeated. */
  dispose(): void {
    this.#binding.release(this.#handle);
  }

  [Symbol.dispose](): void {
    this.dispose();
  }
}
