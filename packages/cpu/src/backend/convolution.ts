import {
  defineKernel,
  type Kernel,
  type NodePreparation,
  type Operands,
  type PreparedKernel,
  SUPPORTED,
  unsupported,
} from '@octavo/backend';
import {
  Conv,
  type ConvAttributes,
  ConvInteger,
  convWindow,
  type Node,
  QLinearConv,
  resolvePads,
} from '@octavo/core/ir';
import type { Shape, Tensor } from '@octavo/core/tensor';
import { conv2d, conv2dOutputSize, type PackedConv2d, packConv2d } from '../conv2d.js';
import type { Epilogue } from '../epilogue.js';
import { loadBinding } from '../load-binding.js';
import {
  biasOf,
  bytesOf,
  declineProduct,
  epilogueOf,
  integersOf,
  type ProductTypes,
  productTypes,
  zeroPointsOf,
} from './product-types.js';
import { declineQLinear, qlinearTypes } from './qlinear-types.js';
import { outputTensor, scalarAt } from './tensors.js';

const KERNEL = 'conv2d';

const conv = defineKernel(Conv, {
  supports: (node) => {
    const reason = declineRank(node, 1) ?? declineProduct(node, 0);
    return reason ? unsupported(reason) : SUPPORTED;
  },
  prepare: (preparation) => prepareTyped(preparation, productTypes(preparation), 1, 2),
});

const qlinearConv = defineKernel(QLinearConv, {
  supports: (node) => {
    const reason = declineRank(node, 3) ?? declineQLinear(node, 0);
    return reason ? unsupported(reason) : SUPPORTED;
  },
  prepare: (preparation) => prepareTyped(preparation, qlinearTypes(preparation), 3, 8),
});

const convInteger = defineKernel(ConvInteger, {
  supports: (node) => {
    const [, w, , zeroPoint] = node.inputs;
    if (!w?.constant || (zeroPoint && !zeroPoint.constant))
      return unsupported('its weights are not constant');
    const reason = declineRank(node, 1);
    return reason ? unsupported(reason) : SUPPORTED;
  },
  prepare: ({ constants, attributes }) => {
    const weights = constants[1];
    const zeroPoints = zeroPointsOf({ zeroPoints: integersOf(constants[3]) });
    const shape = weights?.shape ?? [];
    const packed = pack(weights, attributes.group, zeroPoints);
    return convolver({ packed, shape, attributes, epilogue: { output: 'int32' } }, scalarAt(2));
  },
});

/** Convolutions of 8-bit integers over one or two spatial axes. */
export const convolutionKernels: readonly Kernel[] = [conv, convInteger, qlinearConv];

function declineRank(node: Node, position: number): string | undefined {
  const rank = node.inputs[position]?.shape?.length;
  return rank === 3 || rank === 4 ? undefined : `no kernel for weights of rank ${rank ?? 'unknown'}`;
}

/** A convolution with its weights packed. */
interface PreparedConvolution {
  readonly packed: PackedConv2d;
  /** Of the weights. */
  readonly shape: Shape;
  readonly attributes: ConvAttributes;
  readonly epilogue: Epilogue;
}

function prepareTyped(
  { constants, attributes }: NodePreparation & { readonly attributes: ConvAttributes },
  types: ProductTypes,
  weights: number,
  bias: number,
): PreparedKernel {
  const packed = pack(constants[weights], attributes.group, zeroPointsOf(types.w));
  const shape = constants[weights]?.shape ?? [];
  const zeroPoint = types.x.zeroPoints[0] ?? 0;
  const epilogue = epilogueOf(types, biasOf(constants[bias]));
  return convolver({ packed, shape, attributes, epilogue }, () => zeroPoint);
}

function convolver(
  convolution: PreparedConvolution,
  zeroPoint: (inputs: Operands) => number,
): PreparedKernel {
  return {
    name: `${KERNEL} ${loadBinding().binding.isa().gemmKernel}`,
    run: (inputs) => [convolve(inputs[0], convolution, zeroPoint(inputs))],
    dispose: () => convolution.packed.dispose(),
  };
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
  { packed, shape, attributes, epilogue }: PreparedConvolution,
  zeroPoint: number,
): Tensor {
  const [batch = 1, , ...spatial] = input?.shape ?? [];
  const pads = resolvePads(spatial, convWindow(attributes, shape.slice(2)));
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
