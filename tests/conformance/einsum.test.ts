import { Einsum } from '@octavo/core/ir';
import { type DType, fromNumbers, isFloat, type Tensor, toNumbers } from '@octavo/core/tensor';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { expectAgreement, expectNativeAgreement } from './agreement.js';
import { runNative, runReference, trial } from './both-runtimes.js';
import { integersIn, scales, seed } from './random-tensors.js';

const sizes = fc.array(fc.integer({ min: 1, max: 7 }), { minLength: 12, maxLength: 12 });

/**
 * An Einsum of operands whose sizes are drawn, for each label and for two axes of the ellipsis.
 * @param single Which axes, of all operands one after the other, have one element.
 */
function einsum(
  equation: string,
  dtype: DType,
  drawn: readonly number[],
  start: number,
  single: readonly boolean[] = [],
) {
  const [terms = ''] = equation.split('->');
  const sizeOf = (label: string) => drawn['abcdehijkq'.indexOf(label)] ?? 1;
  let axes = 0;
  return trial(({ graph, input }) => {
    const Inputs = terms.split(',').map((term, index) => {
      const full = [...term.replace('...', '#')].flatMap((label) =>
        label === '#' ? drawn.slice(10) : [sizeOf(label)],
      );
      const shape = full.map((size) => (single[axes++] ? 1 : size));
      return input(operand(dtype, shape, start + index));
    });
    return graph.emit(Einsum, { Inputs }, { equation }).outputs;
  });
}

/** Floats of one sign, so that no sum is small beside its terms; products of these int32 wrap. */
function operand(dtype: DType, shape: readonly number[], start: number): Tensor {
  if (dtype === 'int32') return integersIn(dtype, shape, start, -(2 ** 31), 2 ** 31 - 1);
  const count = shape.reduce((product, size) => product * size, 1);
  const numbers = toNumbers(scales(count, start, shape));
  return fromNumbers(dtype, shape, isFloat(dtype) ? numbers : numbers.map((each) => Math.round(each * 1e6)));
}

describe('Einsum runs on native kernels, as onnxruntime does', () => {
  it.each([
    'ij,jk->ik',
    'ab,cb->ca',
    'bij,bjk->bik',
    'bqhd,bkhd->bhqk',
    'bhqk,bkhd->bqhd',
    'abc,cde->adbe',
    '...ij,...jk->...ik',
    'i,j->ji',
    'ij,ij->',
    'bij,bij->b',
    'bi,bi->bi',
    'bic,jb->bjci',
    'ij,->ji',
    ',->',
    '...i,i->i...',
    'ij->ji',
    'ij->ij',
    'abc->b',
    '...i->...',
    'ij->',
    'ij,jk->i',
    'abc,cd->b',
    'ab,bc,abcd->ad',
    'i,j,k->kij',
    'ab,c,cab,b->',
    'ii->i',
    'ii->',
    'bii->bi',
    'ibi->bi',
    'iij,jk->ik',
    'ii,ij->ij',
    'iij,ijj->ij',
  ])('%s', async (equation) => {
    await fc.assert(
      fc.asyncProperty(sizes, seed, (drawn, start) =>
        expectNativeAgreement(einsum(equation, 'float32', drawn, start), 2e-6),
      ),
      { numRuns: 15 },
    );
  });

  it.each([
    '...ij,...jk->...ik',
    'ij,jk->ik',
    'ij,ij->ij',
    'bij,bij->b',
    '...i,i...->...i',
    'ab,bc,abcd->ad',
  ])('%s, with one element for all along some axes', async (equation) => {
    await fc.assert(
      fc.asyncProperty(sizes, seed, fc.array(fc.boolean()), (drawn, start, single) =>
        expectNativeAgreement(einsum(equation, 'float32', drawn, start, single), 2e-6),
      ),
      { numRuns: 15 },
    );
  });

  it.each([
    ['int32', 'ij,j->ij'],
    ['int32', 'i,i,i->i'],
    ['int32', 'iji->ij'],
    ['int64', 'i,j,k->kij'],
    ['int64', 'bii->ib'],
    ['float64', 'ijj->ji'],
  ] as const)('of %s: %s', async (dtype, equation) => {
    await fc.assert(
      fc.asyncProperty(sizes, seed, (drawn, start) =>
        expectNativeAgreement(einsum(equation, dtype, drawn, start), 0),
      ),
      { numRuns: 15 },
    );
  });
});

it('Einsum of int32 that is summed wraps as onnxruntime does', async () => {
  await fc.assert(
    fc.asyncProperty(sizes, seed, (drawn, start) =>
      expectAgreement(einsum('ij,ij->i', 'int32', drawn, start), 0),
    ),
    { numRuns: 15 },
  );
});

/** onnxruntime has no Einsum of halves: the reference rounds what it sums once, and so is what native kernels give. */
describe('Einsum of halves runs on native kernels, and rounds once as the reference does', () => {
  it.each([
    ['float16', 'bqhd,bkhd->bhqk', 2 ** -10],
    ['bfloat16', 'ab,bc,abcd->ad', 2 ** -7],
    ['float16', 'ii,ij->j', 2 ** -10],
    ['bfloat16', 'bii->ib', 0],
  ] as const)('%s: %s', async (dtype, equation, step) => {
    await fc.assert(
      fc.asyncProperty(sizes, seed, async (drawn, start) => {
        const { graph, feeds } = einsum(equation, dtype, drawn, start);
        const [expected] = await runReference(graph, feeds);
        const { native, elsewhere } = await runNative(graph, feeds);
        expect(elsewhere).toEqual([]);
        expect(native[0]?.shape).toEqual(expected?.shape);
        const numbers = Array.from(expected ? toNumbers(expected) : []);
        Array.from(native[0] ? toNumbers(native[0]) : []).forEach((value, i) => {
          const exact = numbers[i] ?? Number.NaN;
          expect(Math.abs(value - exact)).toBeLessThanOrEqual(step * Math.abs(exact));
        });
      }),
      { numRuns: 15 },
    );
  });
});
