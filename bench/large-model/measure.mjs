import { mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir, totalmem } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { measuredProcess } from '../measured-process.mjs';

/**
 * Generates a large float model and quantizes it to INT4 with the CLI, each in a process of its own whose peak resident
 * set is measured: `npm run build && node bench/large-model/measure.mjs [--gigabytes 3] [--folder DIR] [--keep]`.
 * Needs about 1.2 times the model's size on disk. Fails when quantizing takes 1 GiB or more. Writes
 * `bench/results/large-model.md`.
 */
const LIMIT_BYTES = 2 ** 30;

const here = (/** @type {string} */ path) => fileURLToPath(new URL(path, import.meta.url));

/** @param {string} model */
function bytesOnDisk(model) {
  const data = statSync(`${model}.data`, { throwIfNoEntry: false });
  return statSync(model).size + (data?.size ?? 0);
}

const { values } = parseArgs({
  options: {
    gigabytes: { type: 'string', default: '3' },
    folder: { type: 'string', default: tmpdir() },
    keep: { type: 'boolean', default: false },
  },
});
mkdirSync(values.folder, { recursive: true });
const folder = mkdtempSync(join(values.folder, 'octavo-large-'));
try {
  const big = join(folder, 'big.onnx');
  const out = join(folder, 'out.onnx');
  const generate = measuredProcess(folder, [here('generate.mjs'), big, '--gigabytes', values.gigabytes]);
  const flags = ['--mode', 'weight-only', '--weights', 'int4', '--json'];
  const cli = here('../../packages/octavo/bin/octavo.js');
  const quantize = measuredProcess(folder, [cli, 'quantize', big, '-o', out, ...flags]);
  const row = (/** @type {string} */ step, /** @type {string} */ model, /** @type {typeof quantize} */ run) =>
    `| ${step} | ${(bytesOnDisk(model) / 2 ** 30).toFixed(2)} | ${run.seconds.toFixed(0)} | ${(run.peak / 2 ** 20).toFixed(0)} |`;
  const table = [
    '# A large model through INT4 weight-only quantization',
    '',
    `Node ${process.version}, ${cpus()[0]?.model.trim() ?? 'unknown CPU'}, ${cpus().length} CPUs, ` +
      `${(totalmem() / 2 ** 30).toFixed(0)} GiB of memory. ` +
      'Made by `node bench/large-model/measure.mjs`; the bar is a peak under 1,024 MiB.',
    '',
    '| step | GiB written | seconds | peak resident MiB |',
    '|---|---|---|---|',
    row('generate the float model', big, generate),
    row('`octavo quantize --mode weight-only --weights int4`', out, quantize),
    '',
  ].join('\n');
  console.log(table);
  mkdirSync(here('../results'), { recursive: true });
  writeFileSync(here('../results/large-model.md'), table);
  if (quantize.peak >= LIMIT_BYTES) {
    console.error(`Quantizing took ${quantize.peak} bytes of memory; the bar is ${LIMIT_BYTES}.`);
    process.exitCode = 1;
  }
} finally {
  if (!values.keep) rmSync(folder, { recursive: true, force: true });
}
