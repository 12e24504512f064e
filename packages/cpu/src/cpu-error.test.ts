import { QuantizationError } from '@octavo/core/tensor';
import { expect, it } from 'vitest';
import { callNative } from './cpu-error.js';

const fail = (error: Error) => () => {
  throw error;
};
const refused = Object.assign(new Error('packMatrix: k: expected a size'), { code: 'CPU_INVALID_ARGUMENT' });

it('errors of the addon become typed ones with a place', () => {
  expect(() => callNative(fail(refused), 'node dense (MatMul), tensor w')).toThrow(
    expect.objectContaining({
      name: 'CpuError',
      code: 'CPU_INVALID_ARGUMENT',
      message: 'node dense (MatMul), tensor w: packMatrix: k: expected a size',
    }),
  );
});

it('the outermost place of an error of the addon is told, once', () => {
  const inner = () => callNative(fail(refused));
  expect(() => callNative(inner, 'node dense (MatMul), tensor w')).toThrow(
    expect.objectContaining({
      name: 'CpuError',
      message: 'node dense (MatMul), tensor w: packMatrix: k: expected a size',
    }),
  );
});

it.each([
  new QuantizationError({ code: 'QUANT_SCALE', where: 'tensor s', message: 'scale 0 is NaN.' }),
  new TypeError('a fault of ours'),
])('other errors stay as they are: %s', (error) => {
  expect(() => callNative(fail(error), 'node dense')).toThrow(error);
});
