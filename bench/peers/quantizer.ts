import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Recipe } from '@octavo/quantizer';

/** What quantizing one model cost a process of its own. */
export interface Cost {
  readonly seconds: number;
  readonly peakMiB: number;
}

export interface Job {
  readonly model: string;
  readonly output: string;
  readonly recipe: Partial<Recipe> & Pick<Recipe, 'mode'>;
  /** A folder of .npz files, one a sample; modes that need no samples leave them out. */
  readonly calibration: string;
}

/** A quantizer in another process, so that times and memory are its own. */
export interface Quantizer {
  readonly name: string;
  /** @throws Error with what the process printed when it fails */
  quantize(job: Job): Promise<Cost>;
}

const run = promisify(execFile);
const PYTHON = process.env['OCTAVO_PYTHON'] ?? 'python3';
const script = (name: string): string => fileURLToPath(new URL(name, import.meta.url));

async function cost(command: string, args: readonly string[]): Promise<Cost> {
  const { stdout } = await run(command, [...args], { maxBuffer: 2 ** 26 });
  const last = stdout.trim().split('\n').at(-1) ?? '';
  const { seconds, peakMiB } = JSON.parse(last) as Cost;
  return { seconds, peakMiB };
}

export const octavo: Quantizer = {
  name: 'octavo',
  quantize: ({ model, output, recipe, calibration }) =>
    cost(process.execPath, [
      script('quantize-octavo.mjs'),
      model,
      output,
      JSON.stringify(recipe),
      ...(recipe.mode === 'dynamic' || recipe.rounding === 'nearest' ? [] : [calibration]),
    ]),
};

/** onnxruntime's quantizer; `OCTAVO_PYTHON` names the interpreter (default `python3`). */
export const onnxruntime: Quantizer = {
  name: 'onnxruntime',
  quantize: ({ model, output, recipe, calibration }) =>
    cost(PYTHON, [script('quantize_onnxruntime.py'), model, output, recipe.mode, calibration]),
};

/** The version of onnxruntime that quantizes. */
export async function onnxruntimeVersion(): Promise<string> {
  const { stdout } = await run(PYTHON, ['-c', 'import onnxruntime; print(onnxruntime.__version__)']);
  return stdout.trim();
}
