import { readFile } from 'node:fs/promises';
import { float32, toNumbers } from '@octavo/core/tensor';
import { decodeModel, encodeModel, MemorySource } from '@octavo/formats';
import { loadOnnx } from '@octavo/formats/node';
import { reference } from '@octavo/reference';
import { createSession } from '@octavo/runtime';
import { describe, expect, it } from 'vitest';
import { featureColumns, featuresOf } from './columns.js';
import { committedFiles } from './committed-files.js';
import { validationSales } from './datasets.js';
import { generateSales } from './generate.js';
import { defaultTrainingOptions, trainValuationModel } from './train-valuation-model.js';
import { createValuationGraph } from './valuation-graph.js';
import { meanAbsolutePercentageError, predictLogPrices } from './valuation-model.js';

describe('the committed model', () => {
  it('has on the validation sales the error that the training script measured', async () => {
    using session = await createSession(await loadOnnx(committedFiles.model), { backends: [reference()] });
    expect(session.inputs).toEqual([
      { name: 'features', dtype: 'float32', shape: ['N', featureColumns.length] },
    ]);
    const sales = validationSales();
    const features = float32(sales.flatMap(featuresOf), [sales.length, featureColumns.length]);
    const { log_price } = await session.run({ features });
    expect(log_price?.shape).toEqual([sales.length, 1]);
    const predicted = log_price ? Array.from(toNumbers(log_price)) : [];
    const mape = meanAbsolutePercentageError(
      predicted,
      sales.map(({ price }) => price),
    );
    const measures = JSON.parse(await readFile(committedFiles.measures, 'utf8'));
    expect(mape).toBeCloseTo(measures.validationMape, 3);
    expect(mape).toBeLessThan(15);
  });
});

describe('createValuationGraph', () => {
  it('computes what the trained model computes, after a way through the file format', async () => {
    const sales = generateSales({ seed: 41, count: 200 });
    const trained = trainValuationModel(sales, {
      ...defaultTrainingOptions,
      hiddenWidths: [6, 5],
      epochs: 1,
    });
    const file = encodeModel(createValuationGraph(trained));
    using session = await createSession(await decodeModel(new MemorySource(file)), {
      backends: [reference()],
    });
    const rows = sales.map(featuresOf);
    const features = float32(rows.flat(), [sales.length, featureColumns.length]);
    const { log_price } = await session.run({ features });
    const found = log_price ? Array.from(toNumbers(log_price)) : [];
    const gaps = predictLogPrices(trained, rows).map((value, index) => Math.abs(value - (found[index] ?? 0)));
    expect(Math.max(...gaps)).toBeLessThan(1e-4);
  });
});
