import { setImmediate } from 'node:timers/promises';
import type { Command } from 'commander';
import type { Output, Streams } from './console-output.js';
import { type Progress, startProgress } from './progress.js';

/** What every command works with. */
export interface CommandContext {
  readonly output: Output;
  readonly streams: Streams;
  /** Aborted by Ctrl-C. */
  readonly signal: AbortSignal;
}

/** Makes one command of the program. */
export type CommandFactory = (context: CommandContext) => Command;

/** Runs `work` with progress that ends whatever happens. */
export async function withProgress<T>(
  context: CommandContext,
  label: string,
  total: number | undefined,
  work: (progress: Progress) => Promise<T>,
  unit?: string,
): Promise<T> {
  const progress = startProgress(context.streams, label, total, unit);
  try {
    return await work(progress);
  } finally {
    progress.stop();
  }
}

/** Passes items on and lets the event loop turn between them, so that Ctrl-C is heard during long work. */
export async function* interruptible<T>(
  items: AsyncIterable<T> | Iterable<T>,
  signal: AbortSignal,
): AsyncGenerator<T> {
  for await (const item of items) {
    await checkpoint(signal);
    yield item;
  }
}

/** Lets the event loop turn once, so that a signal that came during long work is heard. Throws its reason. */
export async function checkpoint(signal: AbortSignal): Promise<void> {
  await setImmediate();
  signal.throwIfAborted();
}
