import { supportUnless } from '@octavo/backend';
import {
  Conv,
  type ConvAttributes,
  convWindow,
  type Node,
  QLinearConv,
  resolvePads,
  type Value,
} from '@octavo/core/ir';
import type { Tensor } from '@octavo/core/tensor';
import type { Layout } from '../layout.js';
import { defineLowering, type Lowering } from '../lowering.js';
import { nativeType } from '../native-type.js';
import { epilogueOperands, type ProductEpilogue } from '../product-epilogue.js';
import { biasOf, declineProduct, epilogueOf, productTypes, zeroPointsOf } from '../product-types.js';
import type { ProgramBuilder } from '../program-builder.js';
import { declineQLinear, qlinearTypes } from '../qlinear-types.js';
import { fuseResidual } from '../residual-sum.js';
import { dtypeOf, required, shapeOf } from '../static-value.js';
import { bytesOf } from '../weight-bytes.js';

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
  supports: (node) => supportUnless(declineWindow(node, 1, Conv.attributes(node)) ?? declineProduct(node, 0)),
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
    supportUnless(declineWindow(node, 3, QLinearConv.attributes(node)) ?? declineQLinear(node, 0)),
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

/** Convolutions of 8-bit integers over one or two spatial axes. */
export const conv2dLowerings: readonly Lowering[] = [conv, qlinearConv];

export function declineWindow(node: Node, weights: number, attributes: ConvAttributes): string | undefined {
  const rank = node.inputs[weights]?.shape?.length;
  if (rank !== 3 && rank !== 4) return `no kernel for weights of rank ${rank ?? 'unknown'}`;
  if (node.inputs[weights]?.shape?.includes(0)) return 'its weights are empty';
  for (const pad of attributes.pads ?? []) if (pad < 0) return 'its padding is negative';
  return undefined;
}

function emitConvolution(node: Node, program: ProgramBuilder, conv: Convolution): void {
  const { x, w, attributes, inputZeroPoint } = conv;
  const [, groupChannels = 0] = shapeOf(w);
  const isDepthwise = groupChannels === 1 && attributes.group > 1;
  const layout: Layout = isDepthwise ? 'nhwc' : program.layoutOf(x);
  const packed = packedConv2d(program, conv);
  const epilogue = epilogueOperands(conv.epilogue, program);
  const from = program.operand(x, layout);
  const { output, residual, words } = fuseResidual(program, required(node.output, node), 'nhwc');
  program.emit(
    {
      name: 'conv2d',
      operands: [...epilogue.operands, from, program.output(output, { layout: 'nhwc' }), residual],
      words: [packed].concat(
        epilogue.words,
        [nativeType(dtypeOf(x)), inputZeroPoint, layout === 'nchw' ? 0 : 1, 1],
        geometryWords(x, w, attributes),
        words,
      ),
    },
    `conv2d ${program.isa.gemmKernel}`,
  );
}

/** Kernel height and width of weights; one spatial axis is a second one of size 1. */
export function kernelOf(w: Value): readonly [number, number] {
  const shape = shapeOf(w);
  return shape.length === 3 ? [1, shape[2] ?? 1] : [shape[2] ?? 1, shape[3] ?? 1];
}

/** Packed weights of a convolution, as the word that ops name them by. */
export function packedConv2d(
  program: ProgramBuilder,
  {
    w,
    weights,
    weightZeroPoints,
    attributes: { group },
  }: Pick<Convolution, 'w' | 'weights' | 'weightZeroPoints' | 'attributes'>,
): number {
  const [outChannels = 0, groupChannels = 0] = shapeOf(w);
  return program.packed(w, `conv2d ${group} ${weightZeroPoints ?? ''}`, () =>
    program.binding.packConv2d(
      bytesOf(weights),
      outChannels,
      groupChannels,
      ...kernelOf(w),
      group,
      weightZeroPoints,
    ),
  );
}

/**
 * Batch, height, width, strides, dilations, pads (top, left, bottom, right) as convolution and pooling ops take them.
 * One spatial axis is a second one of size 1.
 */
export function geometryWords(x: Value, w: Value, attributes: ConvAttributes): readonly number[] {
  const { strides, dilations } = attributes;
  const batch = [shapeOf(x)[0] ?? 1];
  const spatial = shapeOf(x).slice(2);
  const pads = resolvePads(spatial, convWindow(attributes, shapeOf(w).slice(2)));
  const stride = strides?.[0] ?? 1;
  const dilation = dilations?.[0] ?? 1;
  if (spatial.length === 2)
    return batch.concat(spatial, stride, strides?.[1] ?? 1, dilation, dilations?.[1] ?? 1, pads);
  return batch.concat(1, spatial, 1, stride, 1, dilation, 0, pads[0] ?? 0, 0, pads[1] ?? 0);
}
