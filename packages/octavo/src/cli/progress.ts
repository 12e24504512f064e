import { SingleBar } from 'cli-progress';
import type { Streams } from './console-output.js';

/** Tells how far long work is: a bar on a terminal, a plain line now and then elsewhere. */
export interface Progress {
  update(done: number): void;
  stop(): void;
}

/** Milliseconds between plain lines. */
const PLAIN_INTERVAL = 5000;

/** Starts progress over `total` steps (unknown when undefined). */
export function startProgress(
  streams: Streams,
  label: string,
  total: number | undefined,
  unit = 'samples',
): Progress {
  return streams.stderr === process.stderr && process.stderr.isTTY
    ? startBar(process.stderr, label, total)
    : startLines(streams, label, total, unit);
}

function startBar(stream: NodeJS.WritableStream, label: string, total: number | undefined): Progress {
  const format =
    total === undefined ? `${label} {value}` : `${label} [{bar}] {value}/{total} eta {eta_formatted}`;
  const bar = new SingleBar({ format, hideCursor: true, clearOnComplete: true, stream });
  bar.start(total ?? 0, 0);
  return { update: (done) => bar.update(done), stop: () => bar.stop() };
}

function startLines(streams: Streams, label: string, total: number | undefined, unit: string): Progress {
  const all = total === undefined ? '' : `/${total}`;
  let last = Date.now();
  streams.stderr.write(`${label} ${total === undefined ? unit : `${total} ${unit}`}\n`);
  return {
    update(done) {
      if (Date.now() - last < PLAIN_INTERVAL) return;
      last = Date.now();
      streams.stderr.write(`${label} ${done}${all}\n`);
    },
    stop() {},
  };
}
