import { Neg, parse, Relu } from '@octavo/core/ir';
import { float32 } from '@octavo/core/tensor';
import { expect, it } from 'vitest';
import type { Executable } from './backend.js';
import { defineBackend } from './define-backend.js';
import { defineKernel, type Kernel, type KernelFunction } from './kernel.js';
import { wholeGraph } from './whole-graph.js';

const graph = parse(`graph opset 21 {
  input %x: float32[1]
  %a = Neg(%x) @first
  %y = Relu(%a) @second
  output %y
}`);

function compile(kernels: readonly Kernel[]): Promise<Executable> {
  return defineBackend({ id: 'test', kernels }).compile(wholeGraph(graph));
}

const pass: KernelFunction = ([x]) => [x];

it('gives a typed error, with the node, where a result has no possible size', async () => {
  const executable = await compile([
    defineKernel(Neg, { prepare: () => pass }),
    defineKernel(Relu, { prepare: () => () => [float32(new Float32Array(-1))] }),
  ]);
  expect(() => executable.runSync?.([float32([1])])).toThrow(
    expect.objectContaining({ code: 'KERNEL_SIZE', where: 'node second (Relu)' }),
  );
});

it('disposes of what was prepared when a later kernel cannot be', async () => {
  const disposed: string[] = [];
  const dispose = () => {
    disposed.push('first');
  };
  const first = defineKernel(Neg, { prepare: () => ({ run: pass, dispose }) });
  const second = defineKernel(Relu, { prepare: () => Promise.reject(new Error('out of memory')) });
  await expect(compile([first, second])).rejects.toThrow('out of memory');
  expect(disposed).toEqual(['first']);
});
