import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import type { Interval } from '@octavo/evaluation';
import type { Cost } from './quantizer.js';

/** One quantizer on one model: its cost, the size of what it wrote over the float file's, and what that is worth. */
export type Attempt =
  | (Cost & { readonly size: number; readonly worth: number })
  | { readonly failure: string };

export interface PeerRow {
  readonly model: string;
  readonly mode: string;
  /** As of the mode. */
  readonly isSameWork: boolean;
  readonly metric: string;
  /** What `worth` is: a share lost against the float model, or decibels over the error. */
  readonly worth: 'drop' | 'dB';
  readonly ours: Attempt;
  readonly theirs: Attempt;
  /** Ours against theirs on the same samples: positive where ours is worse, with its 95% interval where there is one. */
  readonly against?: { readonly drop: number; readonly interval?: Interval };
}

/** Where the rows come from: rows of other versions are not kept. */
export interface Versions {
  readonly octavo: string;
  readonly onnxruntime: string;
  readonly cpu: string;
}

/** The rows in a JSON file, written as each is added, so that a run that was stopped goes on where it was. */
export class PeerRows {
  readonly #path: string;
  readonly #versions: Versions;
  readonly #rows: PeerRow[];

  private constructor(path: string, versions: Versions, rows: readonly PeerRow[]) {
    this.#path = path;
    this.#versions = versions;
    this.#rows = [...rows];
  }

  /** What the file holds of these versions; nothing where there is none. */
  static async open(path: string, versions: Versions): Promise<PeerRows> {
    if (!existsSync(path)) return new PeerRows(path, versions, []);
    const found: { versions: Versions; rows: PeerRow[] } = JSON.parse(await readFile(path, 'utf8'));
    const same = JSON.stringify(found.versions) === JSON.stringify(versions);
    return new PeerRows(path, versions, same ? found.rows : []);
  }

  /** In the order of `models`. */
  sorted(models: readonly string[]): PeerRow[] {
    return this.#rows.toSorted((a, b) => models.indexOf(a.model) - models.indexOf(b.model));
  }

  has(model: string, mode: string): boolean {
    return this.#rows.some((row) => row.model === model && row.mode === mode);
  }

  async add(row: PeerRow): Promise<void> {
    this.#rows.push(row);
    await writeFile(
      this.#path,
      `${JSON.stringify({ versions: this.#versions, rows: this.#rows }, null, 2)}\n`,
    );
  }
}
