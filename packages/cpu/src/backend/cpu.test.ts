import { SUPPORTED } from '@octavo/backend';
import { tensorType } from '@octavo/core/ir';
import { fromNumbers } from '@octavo/core/tensor';
import { expect, it } from 'vitest';
import { describeWithAddon } from '../../tests/addon.js';
import { compileGraph, graphOf } from '../../tests/compile-graph.js';
import { loadBinding } from '../load-binding.js';
import { cpu } from './cpu.js';

const BYTES = 'quantized(scale 0.5, zero 3)';
const X = `input %x: uint8[2, 2] ${BYTES}`;
const W = 'const %w: int8[2, 2] quantized(scale 0.25, zero 0) = [1, -2, 3, -4]';
const Y = `%y: uint8[2, 2] ${BYTES}`;

function compile(lines: readonly string[]) {
  return compileGraph(graphOf([...lines, 'output %y']));
}

describeWithAddon('the CPU backend', () => {
  it.each([
    [
      'operands of 64-bit floats',
      ['input %x: float64[2, 2]', 'const %w: float64[2, 2] = [1, 2, 3, 4]', '%y = MatMul(%x, %w)'],
      'no float kernel for float64',
    ],
    [
      'weights that vary',
      [X, `input %w: int8[2, 2] ${BYTES}`, `${Y} = Gemm(%x, %w)`],
      'its weights are not constant',
    ],
    [
      '16-bit weights',
      [X, `const %w: int16[2, 2] ${BYTES} = [1, 2, 3, 4]`, `${Y} = MatMul(%x, %w)`],
      'no kernel for uint8 times int16',
    ],
    ['a 16-bit output', [X, W, `%y: int16[2, 2] ${BYTES} = MatMul(%x, %w)`], 'no kernel with int16 output'],
    [
      'weights quantized along their inner axis',
      [
        X,
        'const %w: int8[2, 2] quantized(scale [1, 2], zero [0, 0], axis 0) = [1, 2, 3, 4]',
        `${Y} = MatMul(%x, %w)`,
      ],
      'its weights are quantized along axis 0',
    ],
    [
      'an output scale of 0',
      [X, W, '%y: uint8[2, 2] quantized(scale 0, zero 0) = MatMul(%x, %w)'],
      'its scales give multipliers that are not finite',
    ],
    [
      'a bias with a scale of its own',
      [X, W, 'const %b: int32[2] quantized(scale 1, zero 0) = [1, 2]', `${Y} = Gemm(%x, %w, %b)`],
      'its bias has other scales than its product',
    ],
    [
      'a bias down the rows',
      [X, W, 'const %b: int32[2, 1] quantized(scale 0.125, zero 0) = [1, 2]', `${Y} = Gemm(%x, %w, %b)`],
      'its bias is not one number a column',
    ],
    ['alpha', [X, W, `${Y} = Gemm(%x, %w) {alpha=2.0}`], 'alpha, beta or transA is set'],
    [
      'a zero point for each row',
      [
        'input %x: uint8[2, 2]',
        'const %w: int8[2, 2] = [1, 2, 3, 4]',
        'input %z: uint8[2]',
        '%y = MatMulInteger(%x, %w, %z)',
      ],
      'its input has several zero points',
    ],
    [
      'scales for each row',
      [
        'input %x: uint8[2, 2]',
        'const %w: int8[2, 2] = [1, 2, 3, 4]',
        'const %s: float32[] = 1',
        'const %sx: float32[2] = [1, 1]',
        'const %z: uint8[] = 1',
        'const %zx: uint8[2] = [1, 2]',
        'const %zw: int8[] = 0',
        '%y = QLinearMatMul(%x, %sx, %zx, %w, %s, %zw, %s, %z)',
      ],
      'its input or output is not quantized per tensor',
    ],
    [
      'scales that vary',
      [
        'input %x: uint8[2, 2]',
        'const %w: int8[2, 2] = [1, 2, 3, 4]',
        'input %s: float32[]',
        'const %z: uint8[] = 1',
        'const %zw: int8[] = 0',
        '%y = QLinearMatMul(%x, %s, %z, %w, %s, %zw, %s, %z)',
      ],
      'its scales or zero points are not constant',
    ],
    ['an op without a kernel', ['input %x: float32[2]', '%y = NonZero(%x)'], 'no NonZero kernel'],
  ])('declines %s', (_, lines, reason) => {
    const graph = graphOf([...lines, 'output %y']);
    const [node] = graph.sorted();
    expect(node && cpu().supports(node, { graph, opset: 21 })).toEqual({ supported: false, reason });
  });

  it('does not compile what it declined since it took it', async () => {
    const graph = graphOf([X, W, `${Y} = MatMul(%x, %w)`, 'output %y']);
    const { inputs, outputs } = graph;
    const nodes = graph.sorted();
    const [x, node] = [inputs[0], nodes[0]];
    if (!x || !node) throw new Error('the graph has no node');
    const backend = cpu();
    const context = { graph, opset: 21 };
    expect(backend.supports(node, context)).toEqual(SUPPORTED);
    x.type = tensorType('float64', [2, 2]);
    expect(backend.supports(node, context).supported).toBe(false);
    const constant = () => Promise.resolve(fromNumbers('int8', [2, 2], [1, -2, 3, -4]));
    await expect(backend.compile({ graph, nodes, inputs, outputs, constant })).rejects.toThrow(
      expect.objectContaining({ code: 'BACKEND_UNSUPPORTED' }),
    );
  });

  it('names the microkernel of each node', async () => {
    using executable = await compile([X, W, `${Y} = MatMul(%x, %w)`]);
    expect(executable.plan.map(({ kernel }) => kernel)).toEqual([loadBinding().binding.isa().gemmKernel]);
  });

  it('refuses to run when it was disposed, which can be done twice', async () => {
    const executable = await compile([X, W, `${Y} = MatMul(%x, %w)`]);
    executable[Symbol.dispose]();
    executable[Symbol.dispose]();
    const inputs = [fromNumbers('uint8', [2, 2], [1, 2, 3, 4])];
    const disposed = expect.objectContaining({ code: 'SESSION_DISPOSED' });
    expect(() => executable.runSync?.(inputs)).toThrow(disposed);
    await expect(executable.run(inputs)).rejects.toThrow(disposed);
  });

  it.each([
    ['dtype', fromNumbers('int32', [2, 2], [1, 2, 3, 4])],
    ['shape', fromNumbers('uint8', [4], [1, 2, 3, 4])],
  ])('names the input that has another %s than its type says', async (_, wrong) => {
    using executable = await compile([X, W, `${Y} = MatMul(%x, %w)`]);
    const error = expect.objectContaining({ code: 'BACKEND_OPERAND', where: 'value x' });
    expect(() => executable.runSync?.([wrong])).toThrow(error);
    await expect(executable.run([wrong])).rejects.toThrow(error);
  });
});
