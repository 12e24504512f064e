import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { models } from './models.mjs';

/**
 * Times the models of the data folder, as they are and quantized to INT8, on Octavo and on onnxruntime with the CLI:
 * `npm run build && node bench/models/measure.mjs [--seconds 3] [--only NAME] [--output FILE]`. `OCTAVO_TEST_DATA` names
 * the folder. Writes `bench/results/models.md` and `models.json`.
 */
const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '3' },
    only: { type: 'string', default: '' },
    output: { type: 'string', default: fileURLToPath(new URL('../results/models', import.meta.url)) },
  },
});
const data = process.env['OCTAVO_TEST_DATA'];
if (!data) throw new Error('OCTAVO_TEST_DATA names no folder');
const octavo = fileURLToPath(new URL('../../packages/octavo/bin/octavo.js', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'octavo-models-'));

/** @param {readonly string[]} args */
function run(args) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [octavo, ...args, '--json'], {
    encoding: 'utf8',
    maxBuffer: 2 ** 28,
  });
  if (status !== 0) throw new Error(`octavo ${args.join(' ')} ended with ${status}: ${stderr}`);
  return JSON.parse(stdout);
}

/** @param {string} path @param {Record<string, number>} dims */
function bench(path, dims) {
  const sizes = Object.entries(dims).flatMap(([name, size]) => ['--dim', `${name}=${size}`]);
  return run(['bench', 'model', path, '--seconds', values.seconds, ...sizes]);
}

/** Quantizes on eight random samples. @param {string} path @param {Record<string, number>} dims */
async function quantized(path, dims) {
  const { encodeNpz } = await import('@octavo/datasets');
  const { loadOnnx } = await import('@octavo/formats/node');
  const { portOf } = await import('@octavo/runtime');
  const { randomFeeds } = await import('../../packages/octavo/dist/cli/random-feeds.js');
  const model = await loadOnnx(path);
  const samples = mkdtempSync(join(folder, 'calibration-'));
  const ports = model.graph.inputs.map((value) => {
    const port = portOf(value);
    const shape = port.shape?.map((dim) => (typeof dim === 'string' ? (dims[dim] ?? 1) : dim));
    return { ...port, shape };
  });
  for (let seed = 1; seed <= 8; seed++)
    writeFileSync(join(samples, `${seed}.npz`), encodeNpz(new Map(Object.entries(randomFeeds(ports, seed)))));
  const output = join(folder, `${basename(path, '.onnx')}.int8.onnx`);
  run(['quantize', path, '-o', output, '--mode', 'static', '--calibration', samples]);
  return output;
}

/** @type {{ name: string, kind: string, precision: string, found: ReturnType<typeof bench> }[]} */
const rows = [];
try {
  for (const { path, dims = {}, kind, quantize } of models) {
    if (!path.includes(values.only)) continue;
    const name = basename(path, '.onnx') === 'model' ? 'magika' : basename(path, '.onnx');
    const precisions = quantize ? ['float', 'int8'] : ['float'];
    for (const precision of precisions) {
      try {
        const file = join(data, path);
        const found = bench(precision === 'float' ? file : await quantized(file, dims), dims);
        rows.push({ name, kind, precision, found: { ...found, model: name } });
        const ratios = found.results.map((each) => `${each.ratio.toFixed(2)}x`).join(' ');
        process.stderr.write(`${name} ${precision}: ${ratios}\n`);
      } catch (error) {
        process.stderr.write(`${name} ${precision}: ${error instanceof Error ? error.message : error}\n`);
      }
    }
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}

const milliseconds = (/** @type {number} */ value) => value.toPrecision(3);
const megabytes = (/** @type {number} */ value) => (value / 1e6).toFixed(0);
const lines = rows.flatMap(({ name, kind, precision, found }) =>
  found.results.map((each) => {
    const cost = found.footprint;
    const cells = [
      `${milliseconds(each.octavo.median)} / ${milliseconds(each.onnxruntime.median)}`,
      `${milliseconds(each.octavo.p95)} / ${milliseconds(each.onnxruntime.p95)}`,
      `${each.ratio.toFixed(2)}x`,
      cost ? `${cost.octavo.creation.toFixed(0)} / ${cost.onnxruntime.creation.toFixed(0)}` : '',
      cost ? `${megabytes(cost.octavo.peakBytes)} / ${megabytes(cost.onnxruntime.peakBytes)}` : '',
    ];
    return `| ${name} | ${kind} | ${precision} | ${each.threads} | ${cells.join(' | ')} |`;
  }),
);

/** Geometric mean of the ratios of one kind, precision and number of threads. */
const groups = new Map();
for (const { kind, precision, found } of rows) {
  for (const { threads, ratio } of found.results) {
    const key = `| ${kind} | ${precision} | ${threads} |`;
    groups.set(key, [...(groups.get(key) ?? []), ratio]);
  }
}
const means = [...groups].map(([key, ratios]) => {
  const mean = Math.exp(ratios.reduce((sum, ratio) => sum + Math.log(ratio), 0) / ratios.length);
  return `${key} ${mean.toFixed(2)}x | ${Math.min(...ratios).toFixed(2)}x | ${ratios.length} |`;
});

const machine = rows[0]?.found.machine;
const text = `# Models: Octavo and onnxruntime

\`node bench/models/measure.mjs\` on ${machine?.cpu} (${machine?.cores} cores), Node ${machine?.node}: the same file on both, interleaved round by round.
Cells are Octavo / onnxruntime; the ratio is onnxruntime's median over Octavo's. Creation and memory are those of a process of its own.

| kind | precision | threads | geometric mean | lowest | models |
|---|---|---|---|---|---|
${means.join('\n')}

| model | kind | precision | threads | median ms | p95 ms | ratio | creation ms | peak MB |
|---|---|---|---|---|---|---|---|---|
${lines.join('\n')}
`;
writeFileSync(`${values.output}.md`, text);
writeFileSync(`${values.output}.json`, `${JSON.stringify(rows, null, 2)}\n`);
