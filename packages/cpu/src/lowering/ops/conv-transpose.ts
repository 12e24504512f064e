import { supportUnless } from '@octavo/backend';
import { ConvTranspose, type Node, type Value } from '@octavo/core/ir';
import { elementCount } from '@octavo/core/tensor';
import { fuseFloatEpilogue } from '../float-epilogue.js';
import { declineFloats } from '../float-values.js';
import { defineLowering, type Lowering } from '../lowering.js';
import { nativeType } from '../native-type.js';
import { epilogueOperands } from '../product-epilogue.js';
import {
  biasOf,
  declineProduct,
  epilogueOf,
  productTypes,
  type Qparams,
  zeroPointsOf,
} from '../product-types.js';
import { fuseResidual } from '../residual-sum.js';
import { dtypeOf, required, shapeOf } from '../static-value.js';
import { emitSpread, type TransposedWindow, transposedWindow } from '../transposed-window.js';
import { bytesOf } from '../weight-bytes.js';
import { declineWindow, kernelOf } from './conv2d.js';
import { floatsOf } from './float-conv2d.js';

type Elements = Int8Array | Uint8Array | Float32Array;

const quantized = defineLowering(ConvTranspose, {
  supports: (node) => supportUnless(declinePlane(node) ?? declineProduct(node, 1)),
  lower: ({ node, constants, attributes }, program) => {
    const [x, w] = [required(node.inputs[0], node), required(node.inputs[1], node)];
    const types = productTypes(node);
    const weights = { ...types.w, ...everyGroup(types.w, attributes.group) };
    const zeroPoints = zeroPointsOf(weights);
    const inputZero = types.x.zeroPoints[0] ?? 0;
    const packed = program.packed(w, `conv transpose ${attributes.group} ${zeroPoints ?? ''}`, () => {
      const data = bytesOf(constants[1]);
      const turned = turnedAround(data, data.slice(), w, attributes.group);
      return program.binding.packConv2d(turned, ...filters(w, attributes.group), zeroPoints);
    });
    const window = transposedWindow(node, attributes);
    const zero = dtypeOf(x) === 'int8' ? Int8Array.of(inputZero) : Uint8Array.of(inputZero);
    const from = emitSpread(program, x, zero, window);
    const epilogue = epilogueOperands(epilogueOf({ ...types, w: weights }, biasOf(constants[2])), program);
    const { output, residual, words } = fuseResidual(program, required(node.output, node), 'nhwc');
    program.emit(
      {
        name: 'conv2d',
        operands: [...epilogue.operands, from, program.output(output, { layout: 'nhwc' }), residual],
        words: [
          packed,
          ...epilogue.words,
          nativeType(dtypeOf(x)),
          inputZero,
          1,
          1,
          ...spreadWords(x, window),
          ...words,
        ],
      },
      `conv2d ${program.isa.gemmKernel}`,
    );
  },
});

const floats = defineLowering(ConvTranspose, {
  supports: (node) => {
    const [, weights, bias] = node.inputs;
    const reason = declineFloats([...node.inputs, node.output]) ?? declinePlane(node);
    if (reason !== undefined) return supportUnless(reason);
    const isConstant = weights?.constant !== undefined && (!bias || bias.constant !== undefined);
    return supportUnless(isConstant ? undefined : 'its weights are not constant');
  },
  lower: ({ node, constants, attributes }, program) => {
    const [x, w, bias] = [required(node.inputs[0], node), required(node.inputs[1], node), node.inputs[2]];
    const packed = program.packed(w, `float conv transpose ${attributes.group}`, () => {
      const data = floatsOf(constants[1], w);
      const turned = turnedAround(data, data.slice(), w, attributes.group);
      return program.binding.packFloatConv2d(turned, false, ...filters(w, attributes.group));
    });
    const window = transposedWindow(node, attributes);
    const from = emitSpread(program, x, Float32Array.of(0), window);
    const { operands, words, to } = fuseFloatEpilogue(program, {
      output: required(node.output, node),
      biasAxis: 1,
      bias: bias && program.operand(bias),
      layout: 'nhwc',
      reads: [from],
    });
    program.emit(
      {
        name: 'float_conv2d',
        operands: [...operands, from, to],
        words: [packed, ...words, 1, 1, ...spreadWords(x, window)],
      },
      `conv2d ${program.isa.floatKernel}`,
    );
  },
});

/** Transposed convolutions over one or two spatial axes, as convolutions of spread inputs. */
export const convTransposeLowerings: readonly Lowering[] = [quantized, floats];

function declinePlane(node: Node): string | undefined {
  const reason = declineWindow(node, 1, ConvTranspose.attributes(node));
  if (reason !== undefined) return reason;
  return elementCount(shapeOf(required(node.output, node))) === 0 ? 'its output is empty' : undefined;
}

/** Scales of the channels of one group, for all groups. */
function everyGroup({ scales, zeroPoints }: Qparams, group: number): Qparams {
  if (scales.length === 1) return { scales, zeroPoints };
  const at = (i: number) => i % scales.length;
  return {
    scales: Float32Array.from({ length: group * scales.length }, (_, i) => scales[at(i)] ?? 1),
    zeroPoints: Int32Array.from({ length: group * scales.length }, (_, i) => zeroPoints[at(i)] ?? 0),
  };
}

/** Output channels, channels and kernel of the convolution, and its groups. */
function filters(w: Value, group: number): [number, number, number, number, number] {
  const [channels = 1, groupOutputs = 1] = shapeOf(w);
  return [groupOutputs * group, channels / group, ...kernelOf(w), group];
}

/** Weights `[C, M / group, kernel]` as `[M, C / group, kernel]`, kernels back to front, written to `out`. */
function turnedAround<A extends Elements>(data: A, out: A, w: Value, group: number): A {
  const [channels = 1, groupOutputs = 1] = shapeOf(w);
  const groupChannels = channels / group;
  const [height, width] = kernelOf(w);
  const size = height * width;
  for (let channel = 0; channel < channels; channel++) {
    const first = Math.floor(channel / groupChannels) * groupOutputs;
    for (let output = 0; output < groupOutputs; output++) {
      const from = (channel * groupOutputs + output) * size;
      const to = ((first + output) * groupChannels + (channel % groupChannels)) * size;
      for (let i = 0; i < size; i++) out[to + i] = data[from + size - 1 - i] ?? 0;
    }
  }
  return out;
}

/** The geometry of the plain convolution: see `geometryWords`. */
function spreadWords(x: Value, { spread, dilations }: TransposedWindow): readonly number[] {
  const [batch = 1] = shapeOf(x);
  return [batch, ...spread, 1, 1, ...dilations, 0, 0, 0, 0];
}
