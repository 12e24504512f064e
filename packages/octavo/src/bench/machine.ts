import { cpus } from 'node:os';

/** The machine that a benchmark ran on. */
export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  /** The version of Node. */
  readonly node: string;
}

export function thisMachine(): Machine {
  const [cpu] = cpus();
  return { cpu: cpu?.model.trim() ?? 'unknown', cores: cpus().length, node: process.version };
}
