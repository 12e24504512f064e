import { SUPPORTED, supportUnless, unsupported } from '@octavo/backend';
import {
  DequantizeLinear,
  DynamicQuantizeLinear,
  MicrosoftDequantizeLinear,
  MicrosoftQuantizeLinear,
  type Node,
  QuantizeLinear,
  type Value,
} from '@octavo/core/ir';
import { elementCount, normalizeAxis, type Tensor, toNumbers } from '@octavo/core/tensor';
import { byteTable, emitByteTable } from '../byte-table.js';
import { crossingOp } from '../crossing.js';
import { defineLowering, type LoweredNode, type Lowering } from '../lowering.js';
import { integersOf } from '../product-types.js';
import type { ProgramBuilder } from '../program-builder.js';
import { byteType } from '../quantized-bytes.js';
import { required, shapeOf } from '../static-value.js';

interface LinearAttributes {
  readonly axis: number;
  readonly block_size: number;
}

/** Why no kernel crosses between `real` and `integers` by the scale and zero point of a node. */
function declineCrossing(
  node: Node,
  real: Value | undefined,
  integers: Value | undefined,
  { axis, block_size }: LinearAttributes,
): string | undefined {
  const [x, scale, zeroPoint] = node.inputs;
  if (real?.dtype !== 'float32') return `no kernel for ${real?.dtype}`;
  if (!integers?.dtype || !/^u?int(8|16|32)$/.test(integers.dtype)) return `no kernel for ${integers?.dtype}`;
  if (!scale?.constant || (zeroPoint && !zeroPoint.constant))
    return 'its scale or zero point is not constant';
  if (scale.dtype !== 'float32') return `no kernel for scales of ${scale.dtype}`;
  if (block_size > 0) return 'it is quantized in blocks';
  const shape = shapeOf(required(x, node));
  const { size } = scale.constant;
  const channels = size === 1 ? 1 : shape[normalizeAxis(axis, shape.length)];
  return size === channels ? undefined : 'its scales do not follow its axis';
}

function lowerCrossing(
  { node, constants: [, scale, zeroPoint] }: LoweredNode,
  program: ProgramBuilder,
  name: 'quantize' | 'dequantize',
  { axis }: LinearAttributes,
): void {
  const ends = [required(node.inputs[0], node), required(node.output, node)] as const;
  const scales = scale ? Float32Array.from(toNumbers(scale)) : new Float32Array(1);
  const zeroPoints = zeroPointsFor(scales, zeroPoint);
  program.emit(crossingOp(program, name, ends, { scales, zeroPoints, axis }));
}

function zeroPointsFor(scales: Float32Array, zeroPoint: Tensor | undefined): Int32Array {
  const zeroPoints = integersOf(zeroPoint);
  return zeroPoints.length === scales.length
    ? zeroPoints
    : new Int32Array(scales.length).fill(zeroPoints[0] ?? 0);
}

/** The types that a DequantizeLinear and the QuantizeLinear that alone reads it go between, both of bytes. */
function requantization(node: Node, program: ProgramBuilder) {
  const reader = node.output && program.soleReader(node.output);
  if (!reader || !QuantizeLinear.is(reader)) return undefined;
  const [from, to] = [byteType(node.inputs[0]), byteType(reader.output)];
  return from && to ? { reader, from, to } : undefined;
}

/** The attributes of onnxruntime's ops are among those of ONNX's. */
const QUANTIZE = {
  supports: (node: Node) =>
    node.output?.dtype === 'int32'
      ? unsupported('no kernel for int32')
      : supportUnless(declineCrossing(node, node.inputs[0], node.output, QuantizeLinear.attributes(node))),
  lower: (lowered: LoweredNode, program: ProgramBuilder) =>
    lowerCrossing(lowered, program, 'quantize', QuantizeLinear.attributes(lowered.node)),
};

const DEQUANTIZE = {
  supports: (node: Node) =>
    supportUnless(declineCrossing(node, node.output, node.inputs[0], DequantizeLinear.attributes(node))),
  lower: (lowered: LoweredNode, program: ProgramBuilder) => {
    const { node } = lowered;
    const found = requantization(node, program);
    if (!found) return lowerCrossing(lowered, program, 'dequantize', DequantizeLinear.attributes(node));
    const { reader, from, to } = found;
    program.absorb(reader, 'byte_table');
    emitByteTable(
      program,
      byteTable(from, to),
      required(node.inputs[0], node),
      required(reader.output, reader),
    );
  },
};

const dynamicQuantize = defineLowering(DynamicQuantizeLinear, {
  supports: (node) =>
    node.inputs[0]?.dtype === 'float32' ? SUPPORTED : unsupported(`no kernel for ${node.inputs[0]?.dtype}`),
  lower: ({ node }, program) => {
    const input = required(node.inputs[0], node);
    const layout = program.layoutOf(input);
    const [y, scale, zeroPoint] = node.outputs;
    program.emit({
      name: 'dynamic_quantize',
      operands: [
        program.operand(input, layout),
        program.output(required(y, node), { layout }),
        scale ? program.output(scale) : program.scratch(Float32Array.BYTES_PER_ELEMENT),
        zeroPoint ? program.output(zeroPoint) : program.scratch(1),
        undefined,
      ],
      words: [elementCount(shapeOf(input)), 0, 1],
    });
  },
});

/** Crossings between floats and integers; one to floats and back at once is a table of bytes. */
export const quantizeLowerings: readonly Lowering[] = [
  defineLowering(QuantizeLinear, QUANTIZE),
  defineLowering(MicrosoftQuantizeLinear, QUANTIZE),
  defineLowering(DequantizeLinear, DEQUANTIZE),
  defineLowering(MicrosoftDequantizeLinear, DEQUANTIZE),
  dynamicQuantize,
];
