import { SUPPORTED, type Support, unsupported } from '@octavo/backend';
import { ConvInteger, MatMulInteger, type Node, type Value } from '@octavo/core/ir';
import { elementCount, type Tensor } from '@octavo/core/tensor';
import { absorbTail, dynamicOperands, dynamicTail } from '../dynamic-tail.js';
import type { Layout } from '../layout.js';
import { defineLowering, type Lowering } from '../lowering.js';
import { nativeType } from '../native-type.js';
import type { Operand } from '../operand.js';
import { integersOf, zeroPointsOf } from '../product-types.js';
import type { ProgramBuilder } from '../program-builder.js';
import { dtypeOf, required, shapeOf } from '../static-value.js';
import { declineWindow, geometryWords, packedConv2d } from './conv2d.js';
import { declineMatrix, packedMatrix } from './matmul.js';

function supports(node: Node, reason: string | undefined): Support {
  const [x, w, xZeroPoint, wZeroPoint] = node.inputs;
  if (reason !== undefined) return unsupported(reason);
  if (!w?.constant || (wZeroPoint && !wZeroPoint.constant))
    return unsupported('its weights are not constant');
  if (xZeroPoint && elementCount(shapeOf(xZeroPoint)) !== 1)
    return unsupported('its input has several zero points');
  return x && xZeroPoint && x.dtype !== xZeroPoint.dtype
    ? unsupported('its zero point has another type than its input')
    : SUPPORTED;
}

function zeroPointOperand(program: ProgramBuilder, zeroPoint: Value | undefined): Operand | undefined {
  return zeroPoint && program.operand(zeroPoint);
}

function weightZeroPoints(tensor: Tensor | undefined): Int32Array | undefined {
  return zeroPointsOf({ zeroPoints: integersOf(tensor) });
}

const matMulInteger = defineLowering(MatMulInteger, {
  supports: (node) => supports(node, declineMatrix(node, 1)),
  lower: ({ node, constants }, program) => {
    const [a, b] = [required(node.inputs[0], node), required(node.inputs[1], node)];
    const [, columns = 1] = shapeOf(b);
    const packed = packedMatrix(program, {
      b,
      weights: constants[1],
      transposed: false,
      weightZeroPoints: weightZeroPoints(constants[3]),
    });
    const tail = dynamicTail(program, node, shapeOf(required(node.output, node)).length - 1);
    program.emit(
      {
        name: 'dynamic_matmul',
        operands: [
          ...dynamicOperands(program, zeroPointOperand(program, node.inputs[2]), tail, columns),
          program.operand(a),
          program.output(absorbTail(program, node, tail)),
        ],
        words: [packed, nativeType(dtypeOf(a)), elementCount(shapeOf(a).slice(0, -1))],
      },
      program.isa.gemmKernel,
    );
  },
});

const convInteger = defineLowering(ConvInteger, {
  supports: (node) => supports(node, declineWindow(node, 1, ConvInteger.attributes(node))),
  lower: ({ node, constants, attributes }, program) => {
    const [x, w] = [required(node.inputs[0], node), required(node.inputs[1], node)];
    const [channels = 1, groupChannels = 1] = shapeOf(w);
    const isDepthwise = groupChannels === 1 && attributes.group > 1;
    const layout: Layout = isDepthwise ? 'nhwc' : program.layoutOf(x);
    const packed = packedConv2d(program, {
      w,
      weights: constants[1],
      weightZeroPoints: weightZeroPoints(constants[3]),
      attributes,
    });
    const tail = dynamicTail(program, node, 1);
    program.emit(
      {
        name: 'dynamic_conv2d',
        operands: [
          ...dynamicOperands(program, zeroPointOperand(program, node.inputs[2]), tail, channels),
          program.operand(x, layout),
          program.output(absorbTail(program, node, tail), { layout: 'nhwc' }),
        ],
        words: [
          packed,
          nativeType(dtypeOf(x)),
          layout === 'nchw' ? 0 : 1,
          1,
          ...geometryWords(x, w, attributes),
        ],
      },
      `conv2d ${program.isa.gemmKernel}`,
    );
  },
});

/** Products of 8-bit integers whose zero point, and then scale, the program computes. */
export const dynamicProductLowerings: readonly Lowering[] = [matMulInteger, convInteger];
