import { inferTypes, parse, print, runPasses } from '@octavo/core/ir';
import { describe, expect, it } from 'vitest';
import { expandEinsum } from './index.js';

async function expand(equation: string, shapes: readonly string[], opset = 21, dtype = 'float32') {
  const inputs = shapes.map((shape, index) => ({ name: `%${'abcd'[index]}`, shape }));
  const graph = parse(`graph opset ${opset} {
    ${inputs.map(({ name, shape }) => `input ${name}: ${dtype}[${shape}]`).join('\n')}
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

  it('takes a diagonal at equal distances in the axes joined, which it brings together first', async () => {
    const { ops } = await expand('ibi->bi', ['3, 2, 3']);
    expect(ops).toEqual([
      '%Transpose: float32[3, 3, 2] = Transpose(%a) {perm=[0, 2, 1]}',
      '%Reshape: float32[9, 2] = Reshape(%Transpose, %shape)',
      '%Slice: float32[3, 2] = Slice(%Reshape, %starts, %ends, %axes, %steps)',
      '%y: float32[2, 3] = Transpose(%Slice) {perm=[1, 0]} @sum',
    ]);
  });

  it('drops axes along which one element stands for all', async () => {
    expect((await expand('...i,...j->...ij', ['1, 3', '2, 4'])).ops).toEqual([
      '%Reshape: float32[3] = Reshape(%a, %shape)',
      '%Reshape_2: float32[3, 1] = Reshape(%Reshape, %shape_2)',
      '%Reshape_3: float32[2, 1, 4] = Reshape(%b, %shape_3)',
      '%y: float32[2, 3, 4] = Mul(%Reshape_2, %Reshape_3) @sum',
    ]);
    expect((await expand('ii->i', ['1, 3'])).ops).toEqual(['%y: float32[3] = Reshape(%a, %shape) @sum']);
  });

  it('computes with halves in float32, rounded once, and moves them as they are', async () => {
    expect((await expand('ij,jk->ik', ['2, 3', '3, 4'], 21, 'float16')).ops).toEqual([
      '%Cast: float32[2, 3] = Cast(%a) {to=1}',
      '%Cast_2: float32[3, 4] = Cast(%b) {to=1}',
      '%MatMul: float32[2, 4] = MatMul(%Cast, %Cast_2)',
      '%y: float16[2, 4] = Cast(%MatMul) {to=10} @sum',
    ]);
    expect((await expand('ij->ji', ['2, 3'], 21, 'bfloat16')).ops).toEqual([
      '%y: bfloat16[3, 2] = Transpose(%a) {perm=[1, 0]} @sum',
    ]);
  });

  it('widens constants once, but not defaults of inputs', async () => {
    const graph = parse(`graph opset 21 {
      input %x: float16[2]
      input %d: float16[2]
      const %c: float16[2] = [1, 2]
      %y = Einsum(%x, %c, %d) {equation="i,i,i->i"}
      output %y
    }`);
    const [given, constant] = [graph.value('d'), graph.value('c')?.constant];
    if (given) given.constant = constant;
    inferTypes(graph);
    await runPasses(graph, [expandEinsum], { verify: true });
    const casts = graph.nodes.filter(({ op }) => op.name === 'Cast');
    expect(casts.map(({ inputs: [value] }) => value?.name)).toEqual(['x', 'd', 'Mul_2']);
  });

  it.each([
    ['int64', 'i,i->i', ['3', '3'], ['%y: int64[3] = Mul(%a, %b) @sum']],
    ['float64', 'ij->ji', ['2, 3'], ['%y: float64[3, 2] = Transpose(%a) {perm=[1, 0]} @sum']],
  ])('moves and multiplies %s', async (dtype, equation, shapes, ops) => {
    expect((await expand(equation, shapes, 21, dtype)).ops).toEqual(ops);
  });

  it.each([
    ['int32', 'ij->i', ['2, 3'], 'int32 is not summed by other ops'],
    ['int64', 'ij,jk->ik', ['2, 3', '3, 4'], 'int64 is not summed by other ops'],
    ['float64', 'i,i->i', ['3', '3'], 'float64 is not multiplied by other ops'],
  ])('leaves what there is no kernel of %s for', async (dtype, equation, shapes, reason) => {
    const { ops, declined } = await expand(equation, shapes, 21, dtype);
    expect(ops.join()).toContain('Einsum(');
    expect(declined).toEqual([reason]);
  });

  it.each([
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
