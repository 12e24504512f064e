import { inferTypes, parse, print, runPasses } from '@octavo/core/ir';
import { describe, expect, it } from 'vitest';
import { expandEinsum } from './index.js';

async function expand(equation: string, a: string, b = '') {
  const operands = b ? '%a, %b' : '%a';
  const graph = parse(`graph opset 21 {
    input %a: float32[${a}]
    ${b ? `input %b: float32[${b}]` : ''}
    %y = Einsum(${operands}) {equation="${equation}"} @sum
    output %y
  }`);
  inferTypes(graph);
  const [record] = await runPasses(graph, [expandEinsum], { verify: true });
  inferTypes(graph);
  const lines = print(graph)
    .split('\n')
    .filter((line) => line.includes(' = ') && !line.includes('const'));
  return { ops: lines.map((line) => line.trim()), declined: record?.declined.map(({ reason }) => reason) };
}

describe('expand-einsum', () => {
  it('is a product where the axes are in its order', async () => {
    const { ops } = await expand('bij,bjk->bik', '2, 3, 4', '2, 4, 5');
    expect(ops).toEqual(['%y: float32[2, 3, 5] = MatMul(%a, %b) @sum']);
  });

  it('turns and joins axes for the product, and takes them apart behind it', async () => {
    const { ops } = await expand('bqhd,bkhd->bhqk', '2, 3, 4, 5', '2, 6, 4, 5');
    expect(ops).toEqual([
      '%Transpose: float32[2, 4, 3, 5] = Transpose(%a) {perm=[0, 2, 1, 3]}',
      '%Reshape: float32[8, 3, 5] = Reshape(%Transpose, %shape)',
      '%Transpose_2: float32[2, 4, 5, 6] = Transpose(%b) {perm=[0, 2, 3, 1]}',
      '%Reshape_2: float32[8, 5, 6] = Reshape(%Transpose_2, %shape_2)',
      '%sum: float32[8, 3, 6] = MatMul(%Reshape, %Reshape_2) @sum',
      '%y: float32[2, 4, 3, 6] = Reshape(%sum, %shape_3)',
    ]);
  });

  it.each([
    ['bi,bi->bi', '2, 3', '2, 3', ['%y: float32[2, 3] = Mul(%a, %b) @sum']],
    ['ij,->ij', '2, 3', ' ', ['%y: float32[2, 3] = Mul(%a, %b) @sum']],
    [',->', ' ', ' ', ['%y: float32[] = Mul(%a, %b) @sum']],
    [
      'i,j->ji',
      '2',
      '3',
      ['%Reshape: float32[3, 1] = Reshape(%b, %shape)', '%y: float32[3, 2] = Mul(%a, %Reshape) @sum'],
    ],
    [
      'bic,jb->bjci',
      '2, 3, 4',
      '5, 2',
      [
        '%Transpose: float32[2, 4, 3] = Transpose(%a) {perm=[0, 2, 1]}',
        '%Reshape: float32[2, 1, 4, 3] = Reshape(%Transpose, %shape)',
        '%Transpose_2: float32[2, 5] = Transpose(%b) {perm=[1, 0]}',
        '%Reshape_2: float32[2, 5, 1, 1] = Reshape(%Transpose_2, %shape_2)',
        '%y: float32[2, 5, 4, 3] = Mul(%Reshape, %Reshape_2) @sum',
      ],
    ],
  ])('multiplies element by element where nothing is summed over: %s', async (equation, a, b, ops) => {
    expect((await expand(equation, a, b)).ops).toEqual(ops);
  });

  it.each([
    ['ii,ij->ij', '3, 3', '3, 4', 'it takes a diagonal'],
    ['ij,jk->i', '2, 3', '3, 4', 'it sums over an axis of one operand'],
    ['...i,...i->...', '1, 3', '2, 3', 'its axis .0 is repeated'],
    ['ij->ji', '2, 3', '', 'it has not two operands'],
    ['bqhd,bkhd->bhqk', '2, 0, 4, 5', '2, 6, 4, 5', 'an axis of it has no elements'],
    ['bqd,kd->bqk', '2, 3, 0', '4, 0', 'an axis of it has no elements'],
    ['ij,jk->ik', 'N, 3', '3, 4', 'the shapes of its operands are not known'],
  ])('leaves %s', async (equation, a, b, reason) => {
    const { ops, declined } = await expand(equation, a, b);
    expect(ops.join()).toContain('Einsum(');
    expect(declined).toEqual([reason]);
  });
});
