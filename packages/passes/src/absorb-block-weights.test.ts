import { inferTypes, parse, print, runPasses } from '@octavo/core/ir';
import { expect, it } from 'vitest';
import { absorbBlockWeights } from './index.js';

const ROW = Array.from({ length: 32 }, (_, i) => (i % 16) - 8);

it('multiplies by blocks of weights instead of floats, whichever way they lie', async () => {
  const graph = parse(`graph opset 21 {
    input %x: float32[N, 32]
    const %q: int4[1, 32] = [${ROW}]
    const %s: float32[1, 2] = [1, 2]
    const %b: float32[1] = [3]
    %w = DequantizeLinear(%q, %s) {axis=1, block_size=16}
    %y = Gemm(%x, %w, %b) {transB=1} @head
    const %u: uint8[32, 1] = [${ROW.map((x) => x + 8)}]
    const %t: float32[2, 1] = [1, 2]
    %v = DequantizeLinear(%u, %t) {axis=0, block_size=16}
    %z = MatMul(%x, %v)
    output %y
    output %z
  }`);
  inferTypes(graph);
  await runPasses(graph, [absorbBlockWeights], { verify: true });
  const lines = print(graph)
    .split('\n')
    .filter((line) => line.includes('MatMul'));
  expect(lines).toMatchInlineSnapshot(`
    [
      "  %y: float32[N, 1] = com.microsoft::MatMulNBits(%x, %q_2, %s_2, _, _, %b) {K=32, N=1, bits=4, block_size=16} @head",
      "  %z: float32[N, 1] = com.microsoft::MatMulNBits(%x, %u_2, %t_2, %u_zero) {K=32, N=1, bits=8, block_size=16}",
    ]
  `);
  const loaded = await Promise.all([...graph.values].map((value) => value.constant?.load()));
  expect(
    loaded.flatMap((tensor) => (tensor?.is('uint8') ? [tensor.data.join(' ')] : [])),
  ).toMatchInlineSnapshot(`
    [
      "16 50 84 118 152 186 220 254 16 50 84 118 152 186 220 254",
      "0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15",
      "0 0",
    ]
  `);
});

it.each([
  [
    'blocks across the outputs',
    'int8',
    [32, 1],
    '{axis=1, block_size=16}',
    'its blocks lie across its outputs',
  ],
  ['blocks of 8', 'int8', [4, 16], '{axis=0, block_size=8}', 'MatMulNBits has no blocks of 8'],
  ['wider weights', 'int16', [2, 16], '{axis=0, block_size=16}', 'its weights are int16'],
] as const)('leaves %s', async (_, dtype, [rows, columns], attributes, reason) => {
  const graph = parse(`graph opset 21 {
    input %x: float32[2, 32]
    const %q: ${dtype}[32, 16] = [${new Array(512).fill(1)}]
    const %s: float32[${rows}, ${columns}] = [${new Array(rows * columns).fill(1)}]
    %w = DequantizeLinear(%q, %s) ${attributes}
    %y = MatMul(%x, %w)
    output %y
  }`);
  inferTypes(graph);
  const [record] = await runPasses(graph, [absorbBlockWeights], { verify: true });
  expect(record?.declined.map((each) => each.reason)).toEqual([reason]);
  expect(record?.changed).toBe(false);
});
