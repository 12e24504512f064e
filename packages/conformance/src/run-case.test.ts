import { type Backend, defineBackend, defineKernel, type Kernel, unsupported } from '@octavo/backend';
import { Add, Gemm, MatMul, QuantizeLinear } from '@octavo/core/ir';
import { float32, fromNumbers, type Tensor, toNumbers } from '@octavo/core/tensor';
import { kernelTable, reference } from '@octavo/reference';
import { describe, expect, it } from 'vitest';
import { allCases } from './cases/index.js';
import type { ConformanceCase } from './conformance-case.js';
import { type CaseResult, runCase } from './run-case.js';

function caseNamed(name: string): ConformanceCase {
  const found = allCases.find((each) => each.name === name);
  if (!found) throw new Error(`no case ${name}`);
  return found;
}

/** The reference backend with every result of one op changed. */
function wrong(change: (result: Tensor) => Tensor): Backend {
  const kernels = kernelTable.map(
    (kernel): Kernel => ({
      op: kernel.op,
      supports: (node, context) => kernel.supports(node, context),
      prepare: async (preparation) => {
        const inner = await kernel.prepare(preparation);
        return {
          ...inner,
          run: (inputs, captures) =>
            inner.run(inputs, captures).map((result) => (result ? change(result) : result)),
        };
      },
    }),
  );
  return defineBackend({ id: 'wrong', kernels });
}

function withFirst(result: Tensor, change: (value: number) => number): Tensor {
  const values = Array.from(toNumbers(result));
  values[0] = change(values[0] ?? 0);
  return fromNumbers(result.dtype, result.shape, values);
}

function failure(result: CaseResult): string {
  return result.outcome === 'failed' ? result.difference : result.outcome;
}

describe('running a case', () => {
  it('fails a backend whose integers are off by one in one element', async () => {
    const backend = wrong((result) => withFirst(result, (value) => (value === 0 ? 1 : value - 1)));
    for (const name of [
      'quantized Conv: depthwise',
      'MatMulInteger: int8 times int8 with zero points',
      'quantized Add: ties',
    ]) {
      expect(failure(await runCase(backend, caseNamed(name)))).toMatch(
        /element 0: expected -?\d+, found -?\d+ \(1 of/,
      );
    }
  });

  it('fails a backend on published vectors without asking the reference', async () => {
    const golden = allCases.filter(({ name }) => name.startsWith('golden'));
    expect(golden.length).toBeGreaterThan(40);
    const backend = wrong((result) => withFirst(result, (value) => (value === 0 ? 1 : value - 1)));
    const results = await Promise.all(golden.map((each) => runCase(backend, each)));
    expect(results.filter(({ outcome }) => outcome !== 'failed')).toEqual([]);
  });

  it('fails a backend that computes products in bf16', async () => {
    const truncated = (result: Tensor) =>
      float32(
        Array.from(toNumbers(result), (value) => {
          const bits = new Uint32Array(Float32Array.of(value).buffer);
          return new Float32Array(Uint32Array.of((bits[0] ?? 0) & 0xffff0000).buffer)[0] ?? 0;
        }),
        result.shape,
      );
    expect(failure(await runCase(wrong(truncated), caseNamed('float MatMul: rank 3')))).toMatch(
      /element|rms error/,
    );
  });

  it('lets float products sum in another order', async () => {
    const sums = defineKernel(MatMul, {
      prepare: () => (inputs) => {
        const [a, b] = inputs.map((tensor) => (tensor ? toNumbers(tensor) : []));
        const [rows, inner, columns] = [6, 130, 33];
        const out = new Float32Array(rows * columns);
        for (let r = 0; r < rows; r++)
          for (let k = inner - 1; k >= 0; k--)
            for (let c = 0; c < columns; c++) {
              const at = r * columns + c;
              const product = Math.fround((a?.[r * inner + k] ?? 0) * (b?.[k * columns + c] ?? 0));
              out[at] = (out[at] ?? 0) + product;
            }
        return [float32(out, [2, 3, 33])];
      },
    });
    const backend = defineBackend({ id: 'reordered', kernels: [sums] });
    expect(await runCase(backend, caseNamed('float MatMul: rank 3'))).toEqual({ outcome: 'passed' });
  });

  it('fails a backend that gives NaN or another dtype or shape', async () => {
    const softmax = caseNamed('float Softmax: the last axis');
    expect(
      failure(
        await runCase(
          wrong((y) => withFirst(y, () => Number.NaN)),
          softmax,
        ),
      ),
    ).toContain('found NaN');
    expect(
      failure(
        await runCase(
          wrong((y) => y.reshape([y.size])),
          softmax,
        ),
      ),
    ).toContain('expected float32[4, 50], found float32[200]');
    expect(
      failure(
        await runCase(
          wrong((y) => fromNumbers('float64', y.shape, toNumbers(y))),
          softmax,
        ),
      ),
    ).toContain('found float64[4, 50]');
  });

  it('fails a backend that throws, and tells what', async () => {
    const backend = wrong(() => {
      throw new TypeError('no bias');
    });
    expect(failure(await runCase(backend, caseNamed('float Relu')))).toContain('throws TypeError: no bias');
  });

  it('fails a backend that writes into its inputs', async () => {
    const inPlace = defineKernel(Add, {
      prepare: () => (inputs) => {
        const [a, b] = inputs;
        if (!a?.is('float32') || !b?.is('float32')) throw new TypeError('floats only');
        const { data } = b;
        a.data.forEach((value, i) => {
          a.data[i] = value + (data[i % data.length] ?? 0);
        });
        return [float32(a.data.slice(), a.shape)];
      },
    });
    const backend = defineBackend({ id: 'in place', kernels: [inPlace] });
    expect(failure(await runCase(backend, caseNamed('float Add')))).toContain('writes into its input a');
  });

  it('reports what a backend declines, with its reason', async () => {
    const never = defineKernel(Gemm, {
      supports: () => unsupported('only on Sundays'),
      prepare: () => () => [],
    });
    const backend = defineBackend({ id: 'picky', kernels: [never] });
    expect(await runCase(backend, caseNamed('quantized Gemm: one row'))).toEqual({
      outcome: 'declined',
      reason: 'Gemm: only on Sundays',
    });
    expect(await runCase(backend, caseNamed('float Relu'))).toEqual({
      outcome: 'declined',
      reason: 'Relu: no Relu kernel',
    });
  });

  it('fails a backend that rounds ties away from zero', async () => {
    const upward = defineKernel(QuantizeLinear, {
      prepare:
        () =>
        ([x, scale, zero]) => {
          const [s = 1, z = 0] = [scale, zero].map((tensor) => (tensor ? toNumbers(tensor)[0] : undefined));
          const rounded = Array.from(x ? toNumbers(x) : [], (value) =>
            Math.min(255, Math.max(0, Math.round(Math.fround(value / s)) + z)),
          );
          return [fromNumbers('uint8', x?.shape ?? [], rounded)];
        },
    });
    const backend = defineBackend({ id: 'half up', kernels: [upward] });
    const ties = caseNamed('QuantizeLinear: ties, NaN and infinities to uint8');
    expect((await runCase(backend, ties)).outcome).toBe('failed');
  });
});

describe('the cases', () => {
  it('have names of their own', () => {
    expect(new Set(allCases.map(({ name }) => name)).size).toBe(allCases.length);
  });

  it('are all run by the reference backend', async () => {
    for (const each of allCases)
      expect(await runCase(reference(), each), each.name).toEqual({ outcome: 'passed' });
  });
});
