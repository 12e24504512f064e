import { expect, it } from 'vitest';
import { isOfOperands, KernelError, OctavoError, QuantizationError, TensorError } from './index.js';

const message = 'it does not fit.';

it('tells errors that operands decide from those of the model and what surrounds it', () => {
  for (const error of [
    new TensorError({ code: 'TENSOR_TOO_LARGE', message }),
    new QuantizationError({ code: 'QUANT_SCALE', message }),
    new KernelError({ code: 'KERNEL_OPERAND', message }),
    // As errors are told in other places.
    new OctavoError({ code: 'KERNEL_OPERAND', message }),
    new OctavoError({ code: 'INFER_TYPES', message }),
  ])
    expect(isOfOperands(error)).toBe(true);
  expect(isOfOperands(new TensorError({ code: 'STORAGE_RANGE', message }))).toBe(false);
  expect(isOfOperands(new OctavoError({ code: 'OP_UNSUPPORTED', message }))).toBe(false);
  // @ts-expect-error Errors of these classes have codes that were told apart.
  expect(isOfOperands(new TensorError({ code: 'TENSOR_ODD', message }))).toBe(false);
});
