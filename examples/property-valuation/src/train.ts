import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { parseArgs } from 'node:util';
import { encodeModel } from '@octavo/formats';
import { committedFiles } from './committed-files.js';
import { calibrationSales, trainingSales, validationSales } from './datasets.js';
import { measure } from './measures.js';
import { formatSalesCsv } from './sales-csv.js';
import { defaultTrainingOptions, trainValuationModel } from './train-valuation-model.js';
import { createValuationGraph } from './valuation-graph.js';

const { values } = parseArgs({ options: { check: { type: 'boolean', default: false } } });

const model = trainValuationModel(trainingSales(), {
  ...defaultTrainingOptions,
  onEpoch: (epoch, loss) => console.log(`epoch ${epoch}: loss ${loss.toFixed(5)}`),
});
const measures = measure(model);
console.log(
  `MAPE ${measures.validationMape}% on ${measures.validationSales} validation sales, ` +
    `${measures.calibrationMape}% on ${measures.calibrationSales} calibration sales`,
);
const contents: Record<keyof typeof committedFiles, Uint8Array | string> = {
  model: encodeModel(createValuationGraph(model)),
  measures: `${JSON.stringify(measures, null, 2)}\n`,
  calibration: formatSalesCsv(calibrationSales()),
  validation: formatSalesCsv(validationSales()),
};
for (const name of ['model', 'measures', 'calibration', 'validation'] as const) {
  await (values.check ? compare : write)(committedFiles[name], contents[name]);
}

async function write(path: string, content: Uint8Array | string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, content);
  console.log(`wrote ${path}`);
}

async function compare(path: string, content: Uint8Array | string): Promise<void> {
  const equal = Buffer.from(content).equals(await readFile(path));
  console.log(`${equal ? 'identical' : 'DIFFERENT'}: ${path}`);
  if (!equal) {
    process.exitCode = 1;
  }
}
