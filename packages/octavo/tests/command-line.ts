import { EventEmitter } from 'node:events';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative, sep } from 'node:path';
import { main } from '../src/cli/main.js';

/** What a command line left behind. */
export interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  /** A signal for the command, sent when the condition holds; asked between turns of the event loop. */
  readonly interrupt?: {
    readonly signal: 'SIGINT' | 'SIGTERM';
    readonly when: (written: { readonly stdout: string; readonly stderr: string }) => boolean;
  };
}

/** Runs a command line in this process, with streams and signals of its own. */
export async function octavo(args: readonly string[], { interrupt }: RunOptions = {}): Promise<Ran> {
  const signals = new EventEmitter();
  const written = { stdout: '', stderr: '' };
  const stream = (name: 'stdout' | 'stderr') => ({
    write(text: string): void {
      written[name] += text;
    },
  });
  let watch: NodeJS.Immediate | undefined;
  const ask = (): void => {
    if (interrupt?.when(written)) signals.emit(interrupt.signal);
    else if (interrupt) watch = setImmediate(ask);
  };
  ask();
  try {
    const code = await main(args, { stdout: stream('stdout'), stderr: stream('stderr') }, signals);
    return { code, ...written };
  } finally {
    clearImmediate(watch);
  }
}

/** A temporary folder. */
export class Workspace {
  readonly folder = mkdtempSync(join(tmpdir(), 'octavo-cli-'));

  path(...names: string[]): string {
    return join(this.folder, ...names);
  }

  /** Relative paths (with `/`) of everything in the folder, directories too, sorted. */
  list(): string[] {
    return readdirSync(this.folder, { recursive: true, withFileTypes: true })
      .map((entry) => relative(this.folder, join(entry.parentPath, entry.name)).replaceAll(sep, '/'))
      .sort();
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}
