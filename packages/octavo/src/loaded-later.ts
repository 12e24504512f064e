import type * as datasets from '@octavo/datasets/node';
import type * as quantizer from '@octavo/quantizer';

/** As in `@octavo/datasets/node`, which the first call loads. */
export const openDataset: typeof datasets.openDataset = async (path, options) => {
  const { openDataset } = await import('@octavo/datasets/node');
  return openDataset(path, options);
};

/** As in `@octavo/quantizer`, which the first call loads. */
export const quantizeModel: typeof quantizer.quantizeModel = async (source, options) => {
  const { quantizeModel } = await import('@octavo/quantizer');
  return quantizeModel(source, options);
};
