import { describe, expect, it } from 'vitest';
import { featureColumns, featuresOf } from './columns.js';
import { generateSales } from './generate.js';
import { defaultTrainingOptions, trainValuationModel } from './train-valuation-model.js';
import { meanAbsolutePercentageError, predictLogPrices } from './valuation-model.js';

const brief = { ...defaultTrainingOptions, hiddenWidths: [8], epochs: 12, learningRate: 0.01 };

describe('trainValuationModel', () => {
  const sales = generateSales({ seed: 31, count: 1500 });

  it('gives identical weights for identical sales and seed', () => {
    expect(trainValuationModel(sales, brief)).toEqual(trainValuationModel(sales, brief));
    expect(trainValuationModel(sales, { ...brief, seed: 8 })).not.toEqual(trainValuationModel(sales, brief));
  });

  it('learns to value sales that it has not seen', () => {
    const others = generateSales({ seed: 32, count: 500 });
    const predicted = predictLogPrices(trainValuationModel(sales, brief), others.map(featuresOf));
    expect(
      meanAbsolutePercentageError(
        predicted,
        others.map(({ price }) => price),
      ),
    ).toBeLessThan(40);
  });

  it('leaves flags unscaled, so that a rare one does not stretch the range of the inputs', () => {
    const model = trainValuationModel(sales, brief);
    const flag = featureColumns.findIndex(({ name }) => name === 'waterfront');
    expect([model.featureMean[flag], model.featureInverseDeviation[flag]]).toEqual([0, 1]);
  });

  it('refuses to train on nothing', () => {
    expect(() => trainValuationModel([], brief)).toThrow(RangeError);
  });
});

describe('meanAbsolutePercentageError', () => {
  it('is the mean of the relative errors of the prices, in percent', () => {
    expect(meanAbsolutePercentageError([Math.log(110), Math.log(150)], [100, 200])).toBeCloseTo(17.5, 10);
  });
});
