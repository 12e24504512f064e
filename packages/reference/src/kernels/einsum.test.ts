import { inferTypes, parse } from '@octavo/core/ir';
import { type DType, fromNumbers, toNumbers } from '@octavo/core/tensor';
import { expect, it } from 'vitest';
import { interpret } from '../interpret.js';
import { kernelTable } from '../kernel-table.js';

it.each<[DType, readonly number[], readonly number[], number]>([
  ['uint32', [0xffffffff], [0xffffffff], 1],
  ['int32', [2147483647, 2000000001], [-2147483648, 2000000002], -2093958142],
  ['int8', [100, 100], [3, 3], 88],
  ['uint8', [200, 200], [3, 1], 32],
  ['bool', [1, 1], [1, 1], 1],
])('Einsum of %s keeps the last bits of its sums', async (dtype, a, b, expected) => {
  const lines = [`input %a: ${dtype}[${a.length}]`, `input %b: ${dtype}[${b.length}]`];
  const graph = parse(
    `graph opset 21 {\n${lines.join('\n')}\n%y = Einsum(%a, %b) {equation="i,i->"}\noutput %y\n}`,
  );
  inferTypes(graph);
  const compute = await interpret(graph, kernelTable);
  const [y] = await compute([fromNumbers(dtype, [a.length], a), fromNumbers(dtype, [b.length], b)], []);
  expect(y && Array.from(toNumbers(y))).toEqual([expected]);
});
