import { describe, expect, it } from 'vitest';
import { inferTypes, parse } from '../index.js';

const MATRICES = `
  input %a: uint8[2, 3, 4]
  input %b: uint8[2, 4, 5]
  input %s: float32[]
  input %z: uint8[]
  input %s1: float32[1]
  input %s3: float32[3]
  input %s4: float32[4]
  input %z4: uint8[4]
  input %z5: uint8[5]
  input %z6: uint8[2, 3, 1]
  input %z10: uint8[2, 1, 5]
  input %f: float32[2, 4]`;
const IMAGES = `
  input %x: uint8[1, 2, 8, 8]
  input %w: uint8[6, 2, 3, 3]
  input %s: float32[]
  input %z: uint8[]
  input %s2: float32[2]
  input %s6: float32[6]
  input %z2: uint8[2]
  input %z6: uint8[6]`;
const BLOCKS = `
  input %a: float32[3, 20]
  input %b: uint8[4, 2, 8]
  input %b1: uint8[4, 1, 8]
  input %s: float32[8]
  input %s7: float32[7]
  input %z: uint8[4]
  input %zf: float32[8]`;
const NBITS = '{K=20, N=4, bits=4, block_size=16}';

function infer(inputs: string, node: string): void {
  inferTypes(parse(`graph opset 21, com.microsoft 1 {${inputs}\n%y = ${node} @node\noutput %y\n}`));
}

describe('operands with an element for each group of others', () => {
  it.each([
    [MATRICES, 'MatMulInteger(%a, %b, %z6, %z10)'],
    [MATRICES, 'MatMulInteger(%a, %b, %z, %z5)'],
    [MATRICES, 'QLinearMatMul(%a, %s3, %z, %b, %s1, %z5, %s, %z)'],
    [MATRICES, 'DequantizeLinear(%z4, %s4, %z4) {axis=0}'],
    [MATRICES, 'DequantizeLinear(%z, %s1)'],
    [MATRICES, 'QuantizeLinear(%f, %s4, %z4)'],
    [IMAGES, 'QLinearConv(%x, %s, %z, %w, %s6, %z6, %s, %z)'],
    [IMAGES, 'ConvInteger(%x, %w, %z, %z6)'],
    [BLOCKS, `com.microsoft::MatMulNBits(%a, %b, %s, %z) ${NBITS}`],
    [BLOCKS, `com.microsoft::MatMulNBits(%a, %b, %s, %zf) ${NBITS}`],
  ])('%#: fit', (inputs, node) => {
    expect(() => infer(inputs, node)).not.toThrow();
  });

  it.each([
    [
      MATRICES,
      'MatMulInteger(%a, %b, %z5)',
      'a_zero_point (tensor z5) has 5 elements; it takes one, or one for each row (3), or one for each row (6).',
    ],
    [
      MATRICES,
      'MatMulInteger(%a, %b, _, %z4)',
      'b_zero_point (tensor z4) has 4 elements; it takes one, or one for each column (5), or one for each column (10).',
    ],
    [MATRICES, 'QLinearMatMul(%a, %s, %z, %b, %s4, %z, %s, %z)', 'b_scale (tensor s4) has 4'],
    [
      MATRICES,
      'QLinearMatMul(%a, %s, %z, %b, %s, %z, %s3, %z)',
      'y_scale (tensor s3) has 3 elements; it takes one.',
    ],
    [MATRICES, 'com.microsoft::MatMulIntegerToFloat(%a, %b, %s, %s4)', 'b_scale (tensor s4)'],
    [MATRICES, 'com.microsoft::QLinearAdd(%a, %s3, %z, %a, %s, %z, %s, %z)', 'A_scale (tensor s3)'],
    [
      MATRICES,
      'DequantizeLinear(%z4, %s3) {axis=0}',
      'x_scale (tensor s3) has 3 elements; it takes one, or one for each element along the axis (4).',
    ],
    [MATRICES, 'QuantizeLinear(%f, %s4, %z5)', 'y_zero_point (tensor z5)'],
    [
      IMAGES,
      'QLinearConv(%x, %s, %z, %w, %s2, %z, %s, %z)',
      'w_scale (tensor s2) has 2 elements; it takes one, or one for each output channel (6).',
    ],
    [IMAGES, 'QLinearConv(%x, %s2, %z, %w, %s, %z, %s, %z)', 'x_scale (tensor s2)'],
    [IMAGES, 'com.microsoft::QLinearConv(%x, %s, %z, %w, %s, %z2, %s, %z)', 'w_zero_point (tensor z2)'],
    [IMAGES, 'ConvInteger(%x, %w, %z2)', 'x_zero_point (tensor z2)'],
    [
      BLOCKS,
      `com.microsoft::MatMulNBits(%a, %b, %s7) ${NBITS}`,
      'scales (tensor s7) has 7 elements; K 20, N 4, bits 4 and block_size 16 ask for 8.',
    ],
    [BLOCKS, `com.microsoft::MatMulNBits(%a, %b1, %s) ${NBITS}`, 'B (tensor b1) has 32 elements'],
    [
      BLOCKS,
      `com.microsoft::MatMulNBits(%a, %b, %s, %s) ${NBITS}`.replace('%s, %s', '%s, %s7'),
      'zero_points (tensor s7) has 7',
    ],
  ])('%#: are refused by their names, with a remedy: %s', (inputs, node, message) => {
    expect(() => infer(inputs, node)).toThrow(
      expect.objectContaining({
        code: 'INFER_TYPES',
        where: expect.stringMatching(/node node \(/),
        fault: expect.stringContaining(message),
        remedy: 'Export or quantize the model again.',
      }),
    );
  });

  it('wait until sizes are known', () => {
    const inputs = 'input %a: uint8[M, 4]\ninput %b: uint8[4, 5]\ninput %z: uint8[3]';
    expect(() => infer(`\n${inputs}`, 'MatMulInteger(%a, %b, %z)')).not.toThrow();
  });
});
