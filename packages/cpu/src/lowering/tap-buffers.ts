import type { Tensor } from '@octavo/core/tensor';
import { allocatePort, type ProgramPort, portBytes } from './signature.js';

/**
 * The tensors that a program writes for taps, kept from run to run: together they are most of what an observing run
 * writes, and nobody reads them after it.
 */
export class TapBuffers {
  readonly #ports: readonly ProgramPort[];
  #idle: readonly Tensor[] = [];

  constructor(ports: readonly ProgramPort[]) {
    this.#ports = ports;
  }

  /** Tensors that no other run has until they are given back. */
  take(): readonly Tensor[] {
    const idle = this.#idle;
    this.#idle = [];
    return this.#ports.map((port, index) => {
      const tensor = idle[index];
      // Whoever saw it may have transferred its buffer.
      return tensor?.byteLength === portBytes(port) ? tensor : allocatePort(port);
    });
  }

  giveBack(tensors: readonly Tensor[]): void {
    this.#idle = tensors;
  }
}
