import { Neg, parse, Relu, Sigmoid } from '@octavo/core/ir';
import { float32, OctavoError, type Tensor } from '@octavo/core/tensor';
import { describe, expect, it } from 'vitest';
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

/** What the graph gives when its second node runs `second`. */
async function runWith(second: KernelFunction): Promise<readonly Tensor[]> {
  const executable = await compile([
    defineKernel(Neg, { prepare: () => pass }),
    defineKernel(Relu, { prepare: () => second }),
  ]);
  return executable.run([float32([1])]);
}

describe('errors of kernels', () => {
  it('name the node', async () => {
    const refuse = () => {
      throw new OctavoError({ code: 'KERNEL_OPERAND', message: 'no such row.' });
    };
    await expect(runWith(refuse)).rejects.toMatchObject({
      code: 'KERNEL_OPERAND',
      message: 'node second (Relu): no such row.',
    });
  });

  it('are typed where a result has no possible size', async () => {
    await expect(runWith(() => [float32(new Float32Array(-1))])).rejects.toMatchObject({
      code: 'KERNEL_SIZE',
      where: 'node second (Relu)',
    });
  });
});

describe('compiling', () => {
  it('disposes of what was prepared when a later kernel fails', async () => {
    const disposed: string[] = [];
    const first = defineKernel(Neg, {
      prepare: () => ({ run: pass, dispose: () => disposed.push('first') }),
    });
    const second = defineKernel(Relu, { prepare: () => Promise.reject(new Error('out of memory')) });
    await expect(compile([first, second])).rejects.toThrow('out of memory');
    expect(disposed).toEqual(['first']);
  });

  it('disposes of each kernel once', async () => {
    const disposed: string[] = [];
    const kernels = [Neg, Relu].map((op) =>
      defineKernel(op, { prepare: () => ({ run: pass, dispose: () => disposed.push(op.name) }) }),
    );
    const executable = await compile(kernels);
    executable[Symbol.dispose]();
    executable[Symbol.dispose]();
    expect(disposed).toEqual(['Neg', 'Relu']);
    expect(() => executable.runSync?.([float32([1])])).toThrow(
      expect.objectContaining({ code: 'SESSION_DISPOSED' }),
    );
  });

  it('refuses nodes that no kernel supports', async () => {
    await expect(compile([defineKernel(Sigmoid, { prepare: () => pass })])).rejects.toMatchObject({
      code: 'BACKEND_UNSUPPORTED',
      where: 'node first',
    });
  });
});

describe('evaluating one node', () => {
  const [node] = graph.nodes;
  if (!node) throw new Error('the graph has nodes');
  const context = { graph, opset: 21, maxTensorBytes: 1024 };
  const evaluate = (kernel: Kernel) =>
    defineBackend({ id: 'test', kernels: [kernel] }).evaluate?.(node, [float32([1])], context);

  it('gives what its kernel computes of operands that are constants to it, and disposes of the kernel', async () => {
    const disposed: string[] = [];
    const kernel = defineKernel(Neg, {
      prepare: ({ constants: [x] }) => ({
        run: ([given]) => [given === x ? float32([-(x?.data[0] as number)]) : undefined],
        dispose: () => disposed.push('kernel'),
      }),
    });
    expect(await evaluate(kernel)).toEqual([float32([-1])]);
    expect(disposed).toEqual(['kernel']);
  });

  it('gives nothing where no kernel supports the node', async () => {
    expect(await evaluate(defineKernel(Relu, { prepare: () => pass }))).toBeUndefined();
  });

  it('fails as a run does', async () => {
    const refuse = () => {
      throw new OctavoError({ code: 'KERNEL_OPERAND', message: 'no such row.' });
    };
    await expect(evaluate(defineKernel(Neg, { prepare: () => refuse }))).rejects.toMatchObject({
      message: 'node first (Neg): no such row.',
    });
    await expect(evaluate(defineKernel(Neg, { prepare: () => () => [] }))).rejects.toMatchObject({
      code: 'BACKEND_MISSING_VALUE',
      where: 'value a',
    });
  });
});
