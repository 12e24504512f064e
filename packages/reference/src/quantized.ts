import type { Kernel, KernelFunction, NodePreparation } from '@octavo/backend';
import { type TensorType, tensorType } from '@octavo/core/ir';
import { dequantize, type QuantizedType, quantize, sameQuantization } from '@octavo/core/quant';
import { isFloat, KernelError, type Tensor } from '@octavo/core/tensor';

/**
 * Lets a kernel run on quantized values: dequantize the inputs, run the float kernel, quantize the outputs. A kernel
 * that only moves (or compares) elements runs on the integers themselves where all quantized types are equal.
 */
export function onQuantizedValues(kernel: Kernel, movesElements: boolean): Kernel {
  return {
    op: kernel.op,
    supports: (node, context) => kernel.supports(node, context),
    prepare: async (preparation) => {
      const inputs = preparation.inputTypes.map((type) => type?.quantized);
      const outputs = preparation.outputTypes.map((type) => type?.quantized);
      const types = [...inputs, ...outputs].filter((type) => type !== undefined);
      const mixed = preparation.inputTypes.some((type) => type && !type.quantized && isFloat(type.dtype));
      if (types.length === 0 || (movesElements && outputs[0] && !mixed && keepsIntegers(types))) {
        return kernel.prepare(preparation);
      }
      const inner = await kernel.prepare(realPreparation(preparation, inputs));
      const run: KernelFunction = (operands, captures) =>
        inner
          .run(
            operands.map((tensor, i) => toReal(tensor, inputs[i])),
            captures,
          )
          .map((tensor, i) => toQuantized(tensor, outputs[i]));
      return { ...inner, run };
    },
  };
}

/** Whether moving integers is moving reals: one quantized type for all, which keeps the order of its integers. */
function keepsIntegers(types: readonly QuantizedType[]): boolean {
  const [first] = types;
  return (
    first !== undefined &&
    first.granularity.kind === 'per-tensor' &&
    first.scales.every((scale) => scale > 0) &&
    types.every((type) => sameQuantization(type, first))
  );
}

/** The same node seen as one over real numbers. */
function realPreparation(
  preparation: NodePreparation,
  inputs: readonly (QuantizedType | undefined)[],
): NodePreparation {
  return {
    ...preparation,
    constants: preparation.constants.map((tensor, i) => toReal(tensor, inputs[i])),
    inputTypes: preparation.inputTypes.map(realType),
    outputTypes: preparation.outputTypes.map(realType),
  };
}

function realType(type: TensorType | undefined): TensorType | undefined {
  return type?.quantized ? tensorType(type.quantized.expressed, type.shape) : type;
}

function toReal(tensor: Tensor | undefined, type: QuantizedType | undefined): Tensor | undefined {
  return tensor && type ? dequantize(tensor, type) : tensor;
}

function toQuantized(tensor: Tensor | undefined, type: QuantizedType | undefined): Tensor | undefined {
  if (!tensor || !type) return tensor;
  const dtype = tensor.dtype;
  if (!isFloat(dtype)) {
    throw new KernelError({
      code: 'KERNEL_QUANTIZED',
      message: `a quantized output is computed as float, found ${dtype}.`,
    });
  }
  return quantize(tensor as Tensor<typeof dtype>, type);
}
