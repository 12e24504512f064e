import { Einsum } from '@octavo/core/ir';
import fc from 'fast-check';
import { describe, it } from 'vitest';
import { expectNativeAgreement } from './agreement.js';
import { trial } from './both-runtimes.js';
import { scales, seed } from './random-tensors.js';

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
  ])('%s', async (equation) => {
    const [terms = ''] = equation.split('->');
    const sizes = fc.array(fc.integer({ min: 1, max: 7 }), { minLength: 12, maxLength: 12 });
    await fc.assert(
      fc.asyncProperty(sizes, seed, (drawn, start) =>
        expectNativeAgreement(
          trial(({ graph, input }) => {
            const sizeOf = (label: string) => drawn['abcdehijkq'.indexOf(label)] ?? 1;
            const Inputs = terms.split(',').map((term, index) => {
              const shape = [...term.replace('...', '#')].flatMap((label) =>
                label === '#' ? drawn.slice(10) : [sizeOf(label)],
              );
              // Of one sign, so that no sum is small beside its terms.
              const count = shape.reduce((product, size) => product * size, 1);
              return input(scales(count, start + index, shape));
            });
            return graph.emit(Einsum, { Inputs }, { equation }).outputs;
          }),
          2e-6,
        ),
      ),
      { numRuns: 15 },
    );
  });
});
