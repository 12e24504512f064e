import { inferTypes, parse, print, runPasses } from '@octavo/core/ir';
import { describe, expect, it } from 'vitest';
import { expandEinsum } from './index.js';

async function expand(equation: string, shapes: readonly string[], opset = 21) {
  const inputs = shapes.map((shape, index) => ({ name: `%${'abcd'[index]}`, shape }));
  const graph = parse(`graph opset ${opset} {
    ${inputs.map(({ name, shape }) => `input ${name}: float32[${shape}]`).join('\n')}
    %y = Einsum(${inputs.map(({ name }) => name).join(', ')}) {equation="${equation}"} @sum
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
    const { ops } = await expand('bij,bjk->bik', ['2, 3, 4', '2, 4, 5']);
    expect(ops).toEqual(['%y: float32[2, 3, 5] = MatMul(%a, %b) @sum']);
  });

  it('turns and joins axes for the product, and takes them apart behind it', async () => {
    const { ops } = await expand('bqhd,bkhd->bhqk', ['2, 3, 4, 5', '2, 6, 4, 5']);
    expect(ops).toEqual([
      '%Transpose: float32[2, 4, 3, 5] = Transpose(%a) {perm=[0, 2, 1, 3]}',
      '%Reshape: float32[8, 3, 5] = Reshape(%Transpose, %shape)',
      '%Transpose_2: float32[2, 4, 5, 6] = Transpose(%b) {perm=[0, 2, 3, 1]}',
      '%Reshape_2: float32[8, 5, 6] = Reshape(%Transpose_2, %shape_2)',
      '%MatMul: float32[8, 3, 6] = MatMul(%Reshape, %Reshape_2)',
      '%y: float32[2, 4, 3, 6] = Reshape(%MatMul, %shape_3) @sum',
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
    expect((await expand(equation, [a, b])).ops).toEqual(ops);
  });

  it.each([
    [12, '%y: float32[3] = ReduceSum(%a) {axes=[0, 2], keepdims=0}'],
    [21, '%y: float32[3] = ReduceSum(%a, %axes) {keepdims=0}'],
  ])('sums over axes of one operand, in opset %i', async (opset, sum) => {
    expect((await expand('ijk->j', ['2, 3, 4'], opset)).ops).toEqual([`${sum} @sum`]);
    expect((await expand('ijk,jl->jl', ['2, 3, 4', '3, 5'], opset)).ops).toEqual([
      sum.replace('%y', '%ReduceSum'),
      '%Reshape: float32[3, 1] = Reshape(%ReduceSum, %shape)',
      '%y: float32[3, 5] = Mul(%Reshape, %b) @sum',
    ]);
  });

  it('only turns, or copies, an operand of which nothing is summed over', async () => {
    expect((await expand('ij->ji', ['2, 3'])).ops).toEqual([
      '%y: float32[3, 2] = Transpose(%a) {perm=[1, 0]} @sum',
    ]);
    expect((await expand('ij->ij', ['2, 3'])).ops).toEqual(['%y: float32[2, 3] = Identity(%a) @sum']);
  });

  it('names the last node as the Einsum was, for it computes its result', async () => {
    for (const [equation, shapes, last] of [
      ['ij,jk->ki', ['2, 3', '3, 4'], 'Transpose'],
      ['ijk,jl->lj', ['2, 3, 4', '3, 5'], 'Mul'],
      ['ijk->kj', ['2, 3, 4'], 'Transpose'],
      ['i,i->', ['3', '3'], 'Reshape'],
    ] as const) {
      const { ops } = await expand(equation, shapes);
      expect(ops.at(-1)).toMatch(new RegExp(`^%y: .* = ${last}\\(.* @sum$`));
      expect(ops.slice(0, -1).join()).not.toContain('@');
    }
  });

  it('multiplies several operands one after the other', async () => {
    expect((await expand('ab,bc,cd->ad', ['2, 3', '3, 4', '4, 5'])).ops).toEqual([
      '%MatMul: float32[2, 4] = MatMul(%a, %b)',
      '%y: float32[2, 5] = MatMul(%MatMul, %c) @sum',
    ]);
  });

  it.each([
    ['ii,ij->ij', ['3, 3', '3, 4'], 'it takes a diagonal'],
    ['...i,...i->...', ['1, 3', '2, 3'], 'its axis .0 is repeated'],
    ['bqhd,bkhd->bhqk', ['2, 0, 4, 5', '2, 6, 4, 5'], 'an axis of it has no elements'],
    ['bqd,kd->bqk', ['2, 3, 0', '4, 0'], 'an axis of it has no elements'],
    ['ij,jk->ik', ['N, 3', '3, 4'], 'the shapes of its operands are not known'],
    ['ab,bc,cd->ad', ['9, 2', '2, 8', '8, 2'], 'a product on the way is larger than what it takes and gives'],
  ])('leaves %s', async (equation, shapes, reason) => {
    const { ops, declined } = await expand(equation, shapes);
    expect(ops.join()).toContain('Einsum(');
    expect(declined).toEqual([reason]);
  });
});
