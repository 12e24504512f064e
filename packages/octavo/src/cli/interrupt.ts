import { EXIT_SIGNALS, type StopSignal } from './exit-codes.js';

/** Where signals come from; the process has them. */
export interface SignalSource {
  on(signal: StopSignal, listener: () => void): unknown;
  off(signal: StopSignal, listener: () => void): unknown;
}

const SIGNALS: readonly StopSignal[] = ['SIGINT', 'SIGTERM'];

/** Turns Ctrl-C and SIGTERM into an AbortSignal; a second one ends the process at once. */
export class Interrupt {
  private readonly controller = new AbortController();
  private readonly source: SignalSource;
  private readonly listeners: ReadonlyMap<StopSignal, () => void>;
  private received: StopSignal | undefined;

  constructor(source: SignalSource) {
    this.source = source;
    this.listeners = new Map(SIGNALS.map((signal) => [signal, () => this.receive(signal)]));
    for (const [signal, listener] of this.listeners) source.on(signal, listener);
  }

  get signal(): AbortSignal {
    return this.controller.signal;
  }

  /** The exit code after a signal; undefined when none came. */
  get exitCode(): number | undefined {
    return this.received && EXIT_SIGNALS[this.received];
  }

  [Symbol.dispose](): void {
    for (const [signal, listener] of this.listeners) this.source.off(signal, listener);
  }

  private receive(signal: StopSignal): void {
    if (this.received) process.exit(EXIT_SIGNALS[this.received]);
    this.received = signal;
    this.controller.abort(new Error(signal));
  }
}
