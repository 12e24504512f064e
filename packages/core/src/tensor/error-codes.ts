/** Codes of `TensorError`s about shapes, elements and sizes. */
const TENSOR_CODES = [
  'TENSOR_AXIS',
  'TENSOR_BROADCAST',
  'TENSOR_DATA',
  'TENSOR_DTYPE',
  'TENSOR_SHAPE',
  'TENSOR_TOO_LARGE',
] as const;

const QUANTIZATION_CODES = [
  'QUANT_BITS',
  'QUANT_BLOCK_SIZE',
  'QUANT_CHANNELS',
  'QUANT_DTYPE',
  'QUANT_LENGTH',
  'QUANT_NOT_FINITE',
  'QUANT_NO_DATA',
  'QUANT_OBSERVER_KIND',
  'QUANT_OBSERVER_STATE',
  'QUANT_PARAMS_LENGTH',
  'QUANT_PERCENTILE',
  'QUANT_RANGE',
  'QUANT_SAMPLES',
  'QUANT_SCALE',
] as const;

const KERNEL_CODES = [
  'KERNEL_DTYPE',
  'KERNEL_INPUT',
  'KERNEL_OPERAND',
  'KERNEL_QUANTIZED',
  'KERNEL_SCALAR',
  'KERNEL_SIZE',
] as const;

/** What a tensor is, or (`STORAGE_RANGE`) where it is stored. */
export type TensorCode = (typeof TENSOR_CODES)[number] | 'STORAGE_RANGE';
export type QuantizationCode = (typeof QUANTIZATION_CODES)[number];
export type KernelCode = (typeof KERNEL_CODES)[number];

const OF_OPERANDS: ReadonlySet<string> = new Set([
  'INFER_TYPES',
  ...TENSOR_CODES,
  ...QUANTIZATION_CODES,
  ...KERNEL_CODES,
]);

/**
 * Whether an error with this code is decided by operands: their shapes and elements contradict an op, no kernel computes with
 * them, or they are too large. Other operands may do; nothing is wrong with the model otherwise.
 */
export function isOfOperands({ code }: { readonly code: string }): boolean {
  return OF_OPERANDS.has(code);
}
