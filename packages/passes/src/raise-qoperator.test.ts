import { parse, print, runPasses } from '@octavo/core/ir';
import { describe, expect, it } from 'vitest';
import { raiseQoperator } from './index.js';

async function raise(text: string) {
  const graph = parse(text);
  const [record] = await runPasses(graph, [raiseQoperator], { verify: true });
  return { text: print(graph), declined: record?.declined ?? [] };
}

const QPARAMS = `
  const %xs: float32[] = 0.5
  const %xz: uint8[] = 128
  const %ws: float32[2] = [0.25, 0.5]
  const %wz: int8[2] = [0, 0]
  const %ys: float32[] = 0.1
  const %yz: uint8[] = 0
  const %w: int8[2, 1, 1, 1] = [3, -4]
  const %b: int32[2] = [10, -20]`;

describe('raise-qoperator', () => {
  it('raises QLinearConv and carries types through pooling on integers', async () => {
    const { text } = await raise(`graph opset 13 {
      input %x: float32[1, 1, 4, 4]
      ${QPARAMS}
      %xq = QuantizeLinear(%x, %xs, %xz)
      %c = QLinearConv(%xq, %xs, %xz, %w, %ws, %wz, %ys, %yz, %b) {kernel_shape=[1, 1]}
      %p = MaxPool(%c) {kernel_shape=[2, 2], strides=[2, 2]}
      %y = DequantizeLinear(%p, %ys, %yz)
      output %y
    }`);
    expect(text).toMatchInlineSnapshot(`
      "graph opset 13 {
        input %x: float32[1, 1, 4, 4]
        const %xs: float32[] = 0.5
        const %xz: uint8[] = 128
        const %ys: float32[] = 0.1
        const %yz: uint8[] = 0
        const %w: int8[2, 1, 1, 1] quantized(scale [0.25, 0.5], zero [0, 0], axis 0, symmetric) = [3, -4]
        const %b: int32[2] quantized(scale [0.125, 0.25], zero [0, 0], axis 0, symmetric) = [10, -20]
        %xq: uint8[1, 1, 4, 4] quantized(scale 0.5, zero 128, symmetric) = QuantizeLinear(%x, %xs, %xz)
        %c: uint8[1, 2, 4, 4] quantized(scale 0.1, zero 0) = Conv(%xq, %w, %b) {kernel_shape=[1, 1]}
        %p: uint8[1, 2, 2, 2] quantized(scale 0.1, zero 0) = MaxPool(%c) {kernel_shape=[2, 2], strides=[2, 2]}
        %y: float32[1, 2, 2, 2] = DequantizeLinear(%p, %ys, %yz)
        output %y
      }
      "
    `);
  });

  it('raises the ops of com.microsoft', async () => {
    const { text, declined } = await raise(`graph opset 13, com.microsoft 1 {
      input %a: uint8[2, 3]
      input %m: uint8[2, 3]
      ${QPARAMS}
      const %g: int8[3, 2] = [1, 2, 3, 4, 5, 6]
      %s = com.microsoft::QLinearAdd(%a, %xs, %xz, %m, %xs, %xz, %ys, %yz)
      %t = com.microsoft::QLinearMul(%s, %ys, %yz, %a, %xs, %xz, %xs, %xz)
      %u = com.microsoft::QLinearSigmoid(%t, %xs, %xz, %ys, %yz)
      %v = com.microsoft::QLinearConcat(%ys, %yz, %u, %ys, %yz, %s, %ys, %yz) {axis=0}
      %y = com.microsoft::QGemm(%v, %ys, %yz, %g, %ws, %wz, %b, %xs, %xz)
      output %y
    }`);
    expect(declined).toEqual([]);
    expect(text).not.toContain('com.microsoft::');
    expect(text).toContain('%y: uint8[4, 2] quantized(scale 0.5, zero 128, symmetric) = Gemm(%v, %g, %b)');
  });

  it('declines where two nodes disagree about a value', async () => {
    const { text, declined } = await raise(`graph opset 13, com.microsoft 1 {
      input %a: uint8[2]
      ${QPARAMS}
      %s = com.microsoft::QLinearAdd(%a, %xs, %xz, %a, %ys, %yz, %ys, %yz)
      output %s
    }`);
    expect(text).toContain('QLinearAdd');
    expect(declined.map((each) => each.reason)).toContain('a has no quantized type');
  });

  it('raises products with float results, and clamps of integers to the reals that they stand for', async () => {
    const { text, declined } = await raise(`graph opset 13, com.microsoft 1 {
      input %a: uint8[2, 3]
      ${QPARAMS}
      const %low: uint8[] = 130
      const %g: int8[3, 2] = [1, 2, 3, 4, 5, 6]
      %s = com.microsoft::QLinearAdd(%a, %xs, %xz, %a, %xs, %xz, %xs, %xz)
      %k = Clip(%s, %low)
      %y = com.microsoft::QGemm(%k, %xs, %xz, %g, %ws, %wz, %b)
      %z = com.microsoft::MatMulIntegerToFloat(%k, %g, %xs, %ws, %xz, %wz)
      output %y, %z
    }`);
    expect(declined).toEqual([]);
    expect(text).toMatch(/const %low\w*: float32\[\] = 1\n/);
    expect(text).toContain('%y: float32[2, 2] = Gemm(%k, %g, %b)');
    expect(text).toContain('%z: float32[2, 2] = MatMul(%k, %g)');
  });

  it('leaves every operand of an op plain that cannot be raised', async () => {
    const { text, declined } = await raise(`graph opset 13, com.microsoft 1 {
      input %a: uint8[2, 3]
      ${QPARAMS}
      const %g: int8[3, 2] = [1, 2, 3, 4, 5, 6]
      %s = com.microsoft::QLinearAdd(%a, %xs, %xz, %a, %xs, %xz, %ys, %yz)
      %t = com.microsoft::QGemm(%s, %ys, %yz, %g, %ws, %wz, %b, %xs, %xz)
      %y = BitShift(%t, %t) {direction="LEFT"}
      output %y
    }`);
    expect(text).not.toContain('quantized(');
    expect(declined.map(({ place, reason }) => `${place}: ${reason}`)).toContain(
      's: QGemm(t) has an operand that is plain: BitShift(y) reads or gives plain integers',
    );
  });
});
