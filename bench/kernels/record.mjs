import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

/**
 * Puts what `octavo bench gemm|conv|int4|float|overhead --json` printed on one machine into one table and one file of all
 * rows: `node bench/kernels/record.mjs --name MACHINE [--title TEXT] [--note TEXT] FILE.json...` writes
 * `bench/results/kernels-MACHINE.md` and `.json`.
 *
 * @typedef {{ suite: string, name: string, threads: number, gops: number, ofPeak: number | null, ratio: number,
 *   maxError: number, octavo: { median: number }, onnxruntime: { median: number } }} Row
 * @typedef {{ kind: string, threads: number, instruction: string, perSecond: number }} Peak
 * @typedef {{ subject: string, rows: Row[], peaks: { before: Peak[], after: Peak[] },
 *   machine: { cpu: string, node: string, isa: string[], build: string } }} Benchmark
 */
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { name: { type: 'string' }, title: { type: 'string' }, note: { type: 'string', default: '' } },
});
if (!values.name || positionals.length === 0) {
  process.stderr.write('usage: record.mjs --name MACHINE [--title TEXT] [--note TEXT] FILE.json...\n');
  process.exit(2);
}

/** @type {Benchmark[]} */
const benchmarks = positionals.map((file) => JSON.parse(readFileSync(file, 'utf8')));

/** @param {readonly number[]} ratios */
const geometricMean = (ratios) =>
  Math.exp(ratios.reduce((sum, ratio) => sum + Math.log(ratio), 0) / ratios.length);

/** @param {Benchmark} benchmark */
function peaksOf({ peaks: { before, after } }) {
  const limits = new Map();
  for (const { kind, threads, instruction, perSecond } of [...before, ...after]) {
    const unit = kind === 'read' ? 'GB/s read' : `GOPS ${instruction}`;
    const key = `${unit}, ${threads} thread${threads === 1 ? '' : 's'}`;
    limits.set(key, [...(limits.get(key) ?? []), Math.round(perSecond / 1e9)]);
  }
  return [...limits].map(([key, found]) => `${found.join(' and ')} ${key}`).join('; ');
}

/** @param {Benchmark} benchmark */
function section(benchmark) {
  const suites = [...new Set(benchmark.rows.map(({ suite }) => suite))];
  const means = suites.flatMap((suite) =>
    [1, 2].flatMap((threads) => {
      const ratios = benchmark.rows
        .filter((row) => row.suite === suite && row.threads === threads)
        .map(({ ratio }) => ratio);
      if (ratios.length === 0) return [];
      const cells = [geometricMean(ratios), Math.min(...ratios)].map((ratio) => `${ratio.toFixed(2)}x`);
      return [`| ${suite} | ${threads} | ${cells.join(' | ')} | ${ratios.length} |`];
    }),
  );
  const rows = benchmark.rows.map((row) => {
    const times = [row.octavo, row.onnxruntime].map(({ median }) => (median * 1000).toPrecision(3));
    const share = row.ofPeak === null ? '' : row.ofPeak.toFixed(2);
    const cells = [times.join(' / '), row.gops.toFixed(0), share, `${row.ratio.toFixed(2)}x`];
    return `| ${row.suite} | ${row.name} | ${row.threads} | ${cells.join(' | ')} | ${row.maxError.toPrecision(2)} |`;
  });
  return `## ${benchmark.subject}

Limits, before and after: ${peaksOf(benchmark)}.

| network | threads | ratio, geometric mean | lowest | layers |
|---|---:|---:|---:|---:|
${means.join('\n')}

| network | layer | threads | µs | GOPS | of the limit | ratio | largest difference |
|---|---|---:|---:|---:|---:|---:|---:|
${rows.join('\n')}
`;
}

const [{ machine }] = benchmarks;
const text = `# Kernels: ${values.title ?? machine.cpu}

\`octavo bench gemm|conv|int4|float|overhead --json\` on ${machine.cpu}, Node ${machine.node}; addon built by ${machine.build.split(' ').slice(0, 2).join(' ')}; in use:
${machine.isa.join(', ')}. Times are medians, Octavo / onnxruntime, interleaved; a ratio above 1 says that Octavo is faster.
${values.note}

${benchmarks.map(section).join('\n')}`;
const output = fileURLToPath(new URL(`../results/kernels-${values.name}`, import.meta.url));
writeFileSync(`${output}.md`, text);
writeFileSync(`${output}.json`, `${JSON.stringify(benchmarks, null, 2)}\n`);
