import { defineKernel, type Kernel, SUPPORTED, unsupported } from '@octavo/backend';
import { Conv, type ConvAttributes, ConvInteger, convWindow, type Node, resolvePads } from '@octavo/core/ir';
import { type Shape, Tensor, toNumbers } from '@octavo/core/tensor';
import type { OutputArray } from '../binding.js';
import { conv2d, conv2dOutputSize, type PackedConv2d, packConv2d } from '../conv2d.js';
import type { Epilogue } from '../epilogue.js';
import { loadBinding } from '../load-binding.js';
import { biasOf, bytesOf, declineProduct, epilogueOf, productTypes } from './product-types.js';

const KERNEL = 'conv2d';

const conv = defineKernel(Conv, {
  supports: (node) => {
    const reason = declineRank(node) ?? declineProduct(node, 0);
    return reason ? unsupported(reason) : SUPPORTED;
  },
  prepare: (preparation) => {
    const types = productTypes(preparation);
    const weights = preparation.constants[1];
    const epilogue = epilogueOf(types, biasOf(preparation.constants[2]));
    const packed = pack(weights, preparation.attributes.group, types.w.zeroPoints);
    const zeroPoint = types.x.zeroPoints[0] ?? 0;
    return {
      name: kernelName(),
      run: ([input]) => [
        convolve(input, packed, weights?.shape ?? [], preparation.attributes, epilogue, zeroPoint),
      ],
      dispose: () => packed.dispose(),
    };
  },
});

const convInteger = defineKernel(ConvInteger, {
  supports: (node) => {
    const [, w, , zeroPoint] = node.inputs;
    if (!w?.constant || (zeroPoint && !zeroPoint.constant))
      return unsupported('its weights are not constant');
    const reason = declineRank(node);
    return reason ? unsupported(reason) : SUPPORTED;
  },
  prepare: ({ constants, attributes }) => {
    const weights = constants[1];
    const packed = pack(
      weights,
      attributes.group,
      constants[3] ? Int32Array.from(toNumbers(constants[3])) : undefined,
    );
    return {
      name: kernelName(),
      run: ([input, , zeroPoint]) => [
        convolve(
          input,
          packed,
          weights?.shape ?? [],
          attributes,
          { output: 'int32' },
          zeroPoint ? (toNumbers(zeroPoint)[0] ?? 0) : 0,
        ),
      ],
      dispose: () => packed.dispose(),
    };
  },
});

/** Convolutions of 8-bit integers over one or two spatial axes. */
export const convolutionKernels: readonly Kernel[] = [conv, convInteger];

function declineRank(node: Node): string | undefined {
  const rank = node.inputs[1]?.shape?.length;
  return rank === 3 || rank === 4 ? undefined : `no kernel for weights of rank ${rank ?? 'unknown'}`;
}

function kernelName(): string {
  return `${KERNEL} ${loadBinding().binding.isa().gemmKernel}`;
}

function pack(weights: Tensor | undefined, groups: number, zeroPoints: Int32Array | undefined): PackedConv2d {
  const [outChannels = 0, groupChannels = 0, ...kernel] = weights?.shape ?? [];
  const [kernelH = 1, kernelW = 1] = kernel.length === 1 ? [1, ...kernel] : kernel;
  return packConv2d({
    data: bytesOf(weights),
    shape: [outChannels, groupChannels, kernelH, kernelW],
    groups,
    zeroPoints,
  });
}

/** One spatial axis is a second one of size 1. */
function convolve(
  input: Tensor | undefined,
  packed: PackedConv2d,
  weightShape: Shape,
  attributes: ConvAttributes,
  epilogue: Epilogue,
  zeroPoint: number,
): Tensor {
  const [batch = 1, , ...spatial] = input?.shape ?? [];
  const pads = resolvePads(spatial, convWindow(attributes, weightShape.slice(2)));
  const isPlane = spatial.length === 2;
  const [height = 1, width = 1] = isPlane ? spatial : [1, ...spatial];
  const pair = (list: readonly number[] | undefined): [number, number] => {
    const [first = 1, second = 1] = list ?? [];
    return isPlane ? [first, second] : [1, first];
  };
  const [top = 0, left = 0, bottom = 0, right = 0] = isPlane ? pads : [0, pads[0] ?? 0, 0, pads[1] ?? 0];
  const geometry = {
    size: [batch, height, width] as const,
    packed,
    strides: pair(attributes.strides),
    dilations: pair(attributes.dilations),
    pads: [top, left, bottom, right] as const,
  };
  const [outHeight, outWidth] = conv2dOutputSize(geometry);
  const out = conv2d({ ...geometry, input: bytesOf(input), epilogue, zeroPoint });
  return outputTensor(
    epilogue.output,
    [batch, packed.outChannels, ...(isPlane ? [outHeight, outWidth] : [outWidth])],
    out,
  );
}

/** Wraps what a kernel wrote. */
export function outputTensor(dtype: Epilogue['output'], shape: Shape, data: OutputArray): Tensor {
  return new Tensor(dtype, shape, data as never);
}
