/** Milliseconds that work may go on without letting the event loop turn: well below what a user feels as a delay. */
const TURN_EVERY = 40;

/**
 * Where long work may stop. Sessions that compute on this thread never let the event loop turn, so an abort from a
 * timer or a signal would not be heard between samples without it.
 */
export class Checkpoint {
  private readonly signal: AbortSignal | undefined;
  private turned = performance.now();

  constructor(signal?: AbortSignal) {
    this.signal = signal;
  }

  /** Throws the signal's reason when it is aborted; lets the event loop turn when that is due. */
  async pass(): Promise<void> {
    if (performance.now() - this.turned >= TURN_EVERY) {
      await new Promise<void>((resolve) => {
        setTimeout(resolve, 0);
      });
      this.turned = performance.now();
    }
    this.signal?.throwIfAborted();
  }

  /** Passes items on with a stop before each. */
  async *each<T>(items: AsyncIterable<T> | Iterable<T>): AsyncGenerator<T> {
    for await (const item of items) {
      await this.pass();
      yield item;
    }
  }
}
