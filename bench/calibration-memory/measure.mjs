import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir, totalmem } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { measuredProcess } from '../measured-process.mjs';

/**
 * Peak resident memory of calibrating a ResNet-50 on 224x224 images (histograms and ranges of 71 activations), over that of
 * the float session alone, on the sessions that the command line calibrates on:
 * `npm run build && node bench/calibration-memory/measure.mjs [--images 512] [--output FILE]`.
 * Fails where calibration takes 300 MB or more over the session, or more for all images than for 16 by over 5%. Writes
 * `bench/results/calibration-memory.md`.
 */
const LIMIT_BYTES = 300e6;
const LARGEST_GROWTH = 1.05;
const FEW = 16;

const here = (/** @type {string} */ path) => fileURLToPath(new URL(path, import.meta.url));
const { values } = parseArgs({
  options: {
    images: { type: 'string', default: '512' },
    output: { type: 'string', default: here('../results/calibration-memory.md') },
  },
});
const images = Number(values.images);
if (!(images > FEW)) throw new Error(`--images is a number above ${FEW}`);

const folder = mkdtempSync(join(tmpdir(), 'octavo-calibration-'));
try {
  const model = join(folder, 'resnet50.onnx');
  const run = (/** @type {string} */ job, /** @type {number} */ count) => ({
    count,
    ...measuredProcess(folder, [here('process.mjs'), job, model, String(count)]),
  });
  run('generate', 0);
  const bare = run('bare', FEW);
  const few = run('calibrate', FEW);
  const all = run('calibrate', images);
  const megabytes = (/** @type {number} */ bytes) => (bytes / 1e6).toFixed(0);
  const row = (/** @type {string} */ what, /** @type {typeof bare} */ { count, seconds, peak }) =>
    `| ${what} | ${count} | ${seconds.toFixed(0)} | ${megabytes(peak)} | ${peak === bare.peak ? '' : megabytes(peak - bare.peak)} |`;
  const table = [
    '# Memory of calibration',
    '',
    `Node ${process.version}, ${cpus()[0]?.model.trim() ?? 'unknown CPU'}, ${cpus().length} CPUs, ` +
      `${(totalmem() / 2 ** 30).toFixed(0)} GiB of memory. Made by \`node bench/calibration-memory/measure.mjs\`: a ResNet-50 ` +
      'on images of 224x224, each process by itself; the bar is 300 MB over the bare float session, however many images.',
    '',
    '| process | images | seconds | peak resident MB | over the bare session |',
    '|---|---:|---:|---:|---:|',
    row('float session on onnxruntime', bare),
    row('calibration, as `octavo calibrate` runs it', few),
    row('calibration, as `octavo calibrate` runs it', all),
    '',
  ].join('\n');
  console.log(table);
  writeFileSync(values.output, table);
  if (all.peak - bare.peak >= LIMIT_BYTES || all.peak > LARGEST_GROWTH * few.peak) process.exitCode = 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
