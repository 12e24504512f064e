import { inferTypes, parse } from '@octavo/core/ir';
import { float32, type Tensor, toNumbers } from '@octavo/core/tensor';
import { expect, it } from 'vitest';
import { interpret } from './interpret.js';
import { kernelTable } from './kernel-table.js';

/** Shapes and elements of the outputs `y`, `y1` ... of one node on `x`. */
async function run(opset: number, node: string, x: Tensor): Promise<unknown[]> {
  const outputs = [...node.matchAll(/%y\d*/g)].map(([name]) => name).join(', ');
  const graph = parse(
    `graph opset ${opset} {\ninput %x: float32[${x.shape.join(', ')}]\n${node}\noutput ${outputs}\n}`,
  );
  inferTypes(graph);
  const compute = await interpret(graph, kernelTable);
  return compute([x], []).map((tensor, i) => {
    expect(graph.outputs[i]?.shape?.every((dim, axis) => dim === null || dim === tensor.shape[axis])).toBe(
      true,
    );
    return [tensor.shape, Array.from(toNumbers(tensor))];
  });
}

const matrix = float32([1, 2, 3, 4, 5, 6], [2, 3]);
const column = float32([1, 2], [1, 2, 1]);

it.each([
  [11, '%y = ReduceSum(%x) {axes=[0], keepdims=0}', matrix, [[[3], [5, 7, 9]]]],
  [11, '%y = ReduceMax(%x)', matrix, [[[1, 1], [6]]]],
  [
    11,
    '%y = Squeeze(%x) {axes=[0]}',
    column,
    [
      [
        [2, 1],
        [1, 2],
      ],
    ],
  ],
  [11, '%y = Squeeze(%x)', column, [[[2], [1, 2]]]],
  [
    11,
    '%y = Unsqueeze(%x) {axes=[0, 3]}',
    matrix,
    [
      [
        [1, 2, 3, 1],
        [1, 2, 3, 4, 5, 6],
      ],
    ],
  ],
  [
    11,
    '%y, %y1 = Split(%x) {axis=1, split=[1, 2]}',
    matrix,
    [
      [
        [2, 1],
        [1, 4],
      ],
      [
        [2, 2],
        [2, 3, 5, 6],
      ],
    ],
  ],
  [
    11,
    '%y, %y1 = Split(%x)',
    matrix,
    [
      [
        [1, 3],
        [1, 2, 3],
      ],
      [
        [1, 3],
        [4, 5, 6],
      ],
    ],
  ],
  [
    9,
    '%y = Slice(%x) {starts=[-1, 0], ends=[9, 2]}',
    matrix,
    [
      [
        [1, 2],
        [4, 5],
      ],
    ],
  ],
  [
    10,
    '%y = Pad(%x) {pads=[0, 1, 0, 0], value=9.0}',
    matrix,
    [
      [
        [2, 4],
        [9, 1, 2, 3, 9, 4, 5, 6],
      ],
    ],
  ],
  [
    9,
    '%y, %y1 = TopK(%x) {k=2, axis=1}',
    matrix,
    [
      [
        [2, 2],
        [3, 2, 6, 5],
      ],
      [
        [2, 2],
        [2, 1, 2, 1],
      ],
    ],
  ],
  [
    8,
    '%y = Upsample(%x) {scales=[1.0, 2.0]}',
    matrix,
    [
      [
        [2, 6],
        [1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6],
      ],
    ],
  ],
  [
    9,
    '%y = Upsample(%x, %s)\nconst %s: float32[2] = [2, 1]',
    matrix,
    [
      [
        [4, 3],
        [1, 2, 3, 1, 2, 3, 4, 5, 6, 4, 5, 6],
      ],
    ],
  ],
  [
    10,
    '%y = Resize(%x, %s) {mode="linear"}\nconst %s: float32[2] = [1, 2]',
    float32([0, 4], [1, 2]),
    [
      [
        [1, 4],
        [0, 2, 4, 4],
      ],
    ],
  ],
  [
    9,
    '%y = Dropout(%x) {ratio=0.3}',
    column,
    [
      [
        [1, 2, 1],
        [1, 2],
      ],
    ],
  ],
  [7, '%y = Crop(%x) {border=[1, 0, 0, 1]}', float32([1, 2, 3, 4], [1, 1, 2, 2]), [[[1, 1, 1, 1], [2]]]],
  [
    7,
    '%y = ImageScaler(%x) {scale=2.0, bias=[1.0]}',
    float32([1, 2], [1, 1, 1, 2]),
    [
      [
        [1, 1, 1, 2],
        [3, 5],
      ],
    ],
  ],
] as const)('in opset %d: %s', async (opset, node, x, expected) => {
  expect(await run(opset, node, x)).toEqual(expected);
});
