import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { models } from './models.mjs';

/**
 * Times the models of the data folder, as they are and quantized to INT8, on Octavo and on onnxruntime with the CLI:
 * `npm run build && npm run bundle && node bench/models/measure.mjs [--seconds 3] [--only NAME] [--output FILE]`. `OCTAVO_TEST_DATA` names
 * the folder. Writes `bench/results/models.md` and `models.json`; with `--only`, the other rows stay as they are.
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
const kept = values.only !== '' && existsSync(`${values.output}.json`) ? `${values.output}.json` : undefined;
if (kept) rows.push(...JSON.parse(readFileSync(kept, 'utf8')));

/** Puts a row in the place of an older one. @param {typeof rows[number]} row */
function record(row) {
  const same = rows.findIndex(({ name, precision }) => name === row.name && precision === row.precision);
  if (same >= 0) rows[same] = row;
  else rows.push(row);
}

try {
  for (const { path, dims = {}, kind, quantize } of models) {
    if (!path.includes(values.only)) continue;
    const name = basename(path, '.onnx') === 'model' ? 'magika' : basename(path, '.onnx');
    const precisions = quantize ? ['float', 'int8'] : ['float'];
    for (const precision of precisions) {
      try {
        const file = join(data, path);
        const found = bench(precision === 'float' ? file : await quantized(file, dims), dims);
        record({ name, kind, precision, found: { ...found, model: name } });
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
    const { footprint: cost, creation: repeated } = found;
    const cells = [
      `${milliseconds(each.octavo.median)} / ${milliseconds(each.onnxruntime.median)}`,
      `${milliseconds(each.octavo.p95)} / ${milliseconds(each.onnxruntime.p95)}`,
      `${each.ratio.toFixed(2)}x`,
      cost?.octavo.loading
        ? `${cost.octavo.loading.toFixed(0)} / ${cost.onnxruntime.loading.toFixed(0)}`
        : '',
      cost ? `${milliseconds(cost.octavo.creation)} / ${milliseconds(cost.onnxruntime.creation)}` : '',
      repeated
        ? `${milliseconds(repeated.octavo.median)} / ${milliseconds(repeated.onnxruntime.median)}`
        : '',
      cost ? `${megabytes(cost.octavo.peakBytes)} / ${megabytes(cost.onnxruntime.peakBytes)}` : '',
    ];
    return `| ${name} | ${kind} | ${precision} | ${each.threads} | ${cells.join(' | ')} |`;
  }),
);

/** @param {readonly number[]} ratios */
const geometricMean = (ratios) =>
  Math.exp(ratios.reduce((sum, ratio) => sum + Math.log(ratio), 0) / ratios.length);

/** Ratios of one kind, precision and number of threads: of latencies, of both creation times, of peak memory. */
const groups = new Map();
for (const { kind, precision, found } of rows) {
  for (const { threads, ratio } of found.results) {
    const key = `| ${kind} | ${precision} | ${threads} |`;
    const group = groups.get(key) ?? { latency: [], first: [], repeated: [], memory: [] };
    groups.set(key, group);
    group.latency.push(ratio);
    if (found.creation) group.repeated.push(found.creation.ratio);
    const cost = found.footprint;
    if (!cost) continue;
    group.first.push(cost.onnxruntime.creation / cost.octavo.creation);
    group.memory.push(cost.onnxruntime.peakBytes / cost.octavo.peakBytes);
  }
}
const means = [...groups].map(([key, { latency, first, repeated, memory }]) => {
  const [time, ...costs] = [latency, first, repeated, memory].map((list) =>
    list.length > 0 ? `${geometricMean(list).toFixed(2)}x` : '',
  );
  return `${key} ${time} | ${Math.min(...latency).toFixed(2)}x | ${costs.join(' | ')} | ${latency.length} |`;
});

const machine = rows[0]?.found.machine;
const text = `# Models: Octavo and onnxruntime

\`node bench/models/measure.mjs\` on ${machine?.cpu} (${machine?.cores} cores), Node ${machine?.node}: the same file on both, interleaved round by round.
Cells are Octavo / onnxruntime; a ratio is onnxruntime's figure over Octavo's, so that more than 1 is better. Import, the first creation in a process (after the import) and memory are medians of several processes of their own; the
median creation is that of sessions made and disposed of in turn in one process.

| kind | precision | threads | latency, geometric mean | lowest | creation, first in a process | creation, median | peak memory | models |
|---|---|---|---|---|---|---|---|---|
${means.join('\n')}

| model | kind | precision | threads | median ms | p95 ms | ratio | import ms | creation, first in a process, ms | creation, median ms | peak MB |
|---|---|---|---|---|---|---|---|---|---|---|
${lines.join('\n')}
`;
writeFileSync(`${values.output}.md`, text);
writeFileSync(`${values.output}.json`, `${JSON.stringify(rows, null, 2)}\n`);
