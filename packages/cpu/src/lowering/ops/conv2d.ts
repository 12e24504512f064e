import { SUPPORTED, type Support, unsupported } from '@octavo/backend';
import {
  Conv,
  type ConvAttributes,
  ConvInteger,
  convWindow,
  type Node,
  QLinearConv,
  resolvePads,
  type Value,
} from '@octavo/core/ir';
import type { Tensor } from '@octavo/core/tensor';
import type { Conv2dHandle, NativeBinding } from '../../binding.js';
import type { Layout } from '../layout.js';
import { defineLowering, type Lowering } from '../lowering.js';
import { nativeType } from '../native-type.js';
import { epilogueOperands, type ProductEpilogue } from '../product-epilogue.js';
import {
  biasOf,
  bytesOf,
  declineProduct,
  epilogueOf,
  integersOf,
  productTypes,
  zeroPointsOf,
} from '../product-types.js';
import type { ProgramBuilder } from '../program-builder.js';
import { declineQLinear, qlinearTypes } from '../qlinear-types.js';
import { dtypeOf, required, shapeOf } from '../static-value.js';

/** A convolution of 8-bit integers, whatever its op. */
interface Convolution {
  readonly x: Value;
  readonly w: Value;
  readonly weights: Tensor | undefined;
  readonly weightZeroPoints: Int32Array | undefined;
  readonly inputZeroPoint: number;
  readonly epilogue: ProductEpilogue;
  readonly attributes: ConvAttributes;
}

const conv = defineLowering(Conv, {
  supports: (node) => supported(declineWindow(node, 1, Conv.attributes(node)) ?? declineProduct(node, 0)),
  lower: ({ node, constants, attributes }, program) => {
    const types = productTypes(node);
    const [x, w] = node.inputs;
    emitConvolution(node, program, {
      x: required(x, node),
      w: required(w, node),
      weights: constants[1],
      weightZeroPoints: zeroPointsOf(types.w),
      inputZeroPoint: types.x.zeroPoints[0] ?? 0,
      epilogue: epilogueOf(types, biasOf(constants[2])),
      attributes,
    });
  },
});

const qlinearConv = defineLowering(QLinearConv, {
  supports: (node) =>
    supported(declineWindow(node, 3, QLinearConv.attributes(node)) ?? declineQLinear(node, 0)),
  lower: ({ node, constants, attributes }, program) => {
    const types = qlinearTypes(constants);
    const [x, , , w] = node.inputs;
    emitConvolution(node, program, {
      x: required(x, node),
      w: required(w, node),
      weights: constants[3],
      weightZeroPoints: zeroPointsOf(types.w),
      inputZeroPoint: types.x.zeroPoints[0] ?? 0,
      epilogue: epilogueOf(types, biasOf(constants[8])),
      attributes,
    });
  },
});

const convInteger = defineLowering(ConvInteger, {
  supports: (node) => {
    const [, w, xZero, wZero] = node.inputs;
    if (!w?.constant || (wZero && !wZero.constant)) return unsupported('its weights are not constant');
    if (xZero && !xZero.constant) return unsupported('the zero point of its input is not constant');
    return supported(declineWindow(node, 1, ConvInteger.attributes(node)));
  },
  lower: ({ node, constants, attributes }, program) => {
    const [x, w] = node.inputs;
    emitConvolution(node, program, {
      x: required(x, node),
      w: required(w, node),
      weights: constants[1],
      weightZeroPoints: zeroPointsOf({ zeroPoints: integersOf(constants[3]) }),
      inputZeroPoint: integersOf(constants[2])[0] ?? 0,
      epilogue: { output: 'int32' },
      attributes,
    });
  },
});

/** Convolutions of 8-bit integers over one or two spatial axes. */
export const conv2dLowerings: readonly Lowering[] = [conv, convInteger, qlinearConv];

function supported(reason: string | undefined): Support {
  return reason === undefined ? SUPPORTED : unsupported(reason);
}

function declineWindow(node: Node, weights: number, attributes: ConvAttributes): string | undefined {
  const rank = node.inputs[weights]?.shape?.length;
  if (rank !== 3 && rank !== 4) return `no kernel for weights of rank ${rank ?? 'unknown'}`;
  return attributes.pads?.some((pad) => pad < 0) ? 'its padding is negative' : undefined;
}

function emitConvolution(node: Node, program: ProgramBuilder, conv: Convolution): void {
  const { x, w, attributes, inputZeroPoint } = conv;
  const [, groupChannels = 0] = shapeOf(w);
  const isDepthwise = groupChannels === 1 && attributes.group > 1;
  const layout: Layout = isDepthwise ? 'nhwc' : program.layoutOf(x);
  const zeroPoints = conv.weightZeroPoints;
  const packed = program.packed(w, `conv2d ${attributes.group} ${zeroPoints ?? ''}`, () =>
    packConv2d(program.binding, conv),
  );
  const epilogue = epilogueOperands(conv.epilogue, program);
  program.emit(
    {
      name: 'conv2d',
      operands: [
        ...epilogue.operands,
        program.operand(x, layout),
        program.output(required(node.output, node), { layout: 'nhwc' }),
      ],
      words: [
        packed,
        ...epilogue.words,
        nativeType(dtypeOf(x)),
        inputZeroPoint,
        layout === 'nchw' ? 0 : 1,
        1,
        ...geometryWords(x, w, attributes),
      ],
    },
    `conv2d ${program.binding.isa().gemmKernel}`,
  );
}

function packConv2d(
  binding: NativeBinding,
  { w, weights, weightZeroPoints, attributes }: Convolution,
): Conv2dHandle {
  const [outChannels = 0, groupChannels = 0, ...kernel] = shapeOf(w);
  const [height = 1, width = 1] = kernel.length === 1 ? [1, ...kernel] : kernel;
  const { group } = attributes;
  return binding.packConv2d(
    bytesOf(weights),
    outChannels,
    groupChannels,
    height,
    width,
    group,
    weightZeroPoints,
  );
}

/**
 * Batch, height, width, strides, dilations, pads (top, left, bottom, right) as convolution and pooling ops take them.
 * One spatial axis is a second one of size 1.
 */
function geometryWords(x: Value, w: Value, attributes: ConvAttributes): readonly number[] {
  const [batch = 1, , ...spatial] = shapeOf(x);
  const pads = resolvePads(spatial, convWindow(attributes, shapeOf(w).slice(2)));
  const isPlane = spatial.length === 2;
  const pair = (list: readonly number[] | undefined): readonly number[] => {
    const [first = 1, second = 1] = list ?? [];
    return isPlane ? [first, second] : [1, first];
  };
  const [begin = 0, end = 0] = pads;
  return [
    batch,
    ...(isPlane ? spatial : [1, ...spatial]),
    ...pair(attributes.strides),
    ...pair(attributes.dilations),
    ...(isPlane ? pads : [0, begin, 0, end]),
  ];
}
