import { mkdir, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { renderHtml } from '@octavo/evaluation/report';
import { describeReport } from './report/describe-report.js';
import { formatTextReport } from './report/text-report.js';
import { runDemo } from './run-demo.js';

const [, , target] = process.argv;
const directory = target
  ? resolve(process.env['INIT_CWD'] ?? '.', target)
  : fileURLToPath(new URL('../out', import.meta.url));
await mkdir(directory, { recursive: true });
const report = await runDemo({ directory, notice: (line) => console.log(line) });
const files = [
  { path: join(directory, 'report.html'), content: renderHtml(describeReport(report)) },
  { path: join(directory, 'report.json'), content: `${JSON.stringify(report, null, 2)}\n` },
];
for (const { path, content } of files) {
  await writeFile(path, content);
}
console.log(`\n${formatTextReport(report)}\n`);
console.log(`Wrote ${[join(directory, 'valuation.int8.onnx'), ...files.map(({ path }) => path)].join(', ')}`);
