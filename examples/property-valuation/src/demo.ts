import { mkdir, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { formatHtmlReport } from './report/html-report.js';
import { formatTextReport } from './report/text-report.js';
import { runDemo } from './run-demo.js';

const directory = resolve(process.argv[2] ?? fileURLToPath(new URL('../out', import.meta.url)));
await mkdir(directory, { recursive: true });
const report = await runDemo({ directory, notice: (line) => console.log(line) });
const files = [
  { path: join(directory, 'report.html'), content: formatHtmlReport(report) },
  { path: join(directory, 'report.json'), content: `${JSON.stringify(report, null, 2)}\n` },
];
for (const { path, content } of files) {
  await writeFile(path, content);
}
console.log(`\n${formatTextReport(report)}\n`);
console.log(`Wrote ${[join(directory, 'valuation.int8.onnx'), ...files.map(({ path }) => path)].join(', ')}`);
