import { inferTypes, parse } from '@octavo/core/ir';
import { float32, fromNumbers, type Tensor, toNumbers } from '@octavo/core/tensor';
import { describe, expect, it } from 'vitest';
import { interpret } from './interpret.js';
import { kernelTable } from './kernel-table.js';

async function run(lines: string, ...inputs: Tensor[]): Promise<Tensor | undefined> {
  const graph = parse(`graph opset 21 {\n${lines}\n}`);
  inferTypes(graph);
  const compute = await interpret(graph, kernelTable);
  return compute(inputs, [])[0];
}

const bytes = (...values: number[]) => fromNumbers('uint8', [values.length], values);

describe('quantized values of ops that move elements', () => {
  it('stay the same integers when all quantized types are equal', async () => {
    const result = await run(
      `input %a: uint8[2] quantized(scale 0.3, zero 7)
       input %b: uint8[1] quantized(scale 0.3, zero 7)
       %y: uint8[3] quantized(scale 0.3, zero 7) = Concat(%a, %b) {axis=0}
       output %y`,
      bytes(0, 255),
      bytes(9),
    );
    expect([result?.dtype, ...toNumbers(result ?? bytes())]).toEqual(['uint8', 0, 255, 9]);
  });

  it('move as packed integers', async () => {
    const result = await run(
      `input %a: int4[3] quantized(scale 0.5, zero 0, symmetric)
       const %i: int64[4] = [2, 0, 1, 2]
       %y: int4[4] quantized(scale 0.5, zero 0, symmetric) = Gather(%a, %i)
       output %y`,
      fromNumbers('int4', [3], [-8, 1, 7]),
    );
    expect([result?.dtype, ...toNumbers(result ?? bytes())]).toEqual(['int4', 7, -8, 1, 7]);
  });

  it('are quantized anew when an input has another scale', async () => {
    const result = await run(
      `input %a: uint8[2] quantized(scale 0.5, zero 0)
       input %b: uint8[1] quantized(scale 1.0, zero 0)
       %y: uint8[3] quantized(scale 1.0, zero 0) = Concat(%a, %b) {axis=0}
       output %y`,
      bytes(4, 7),
      bytes(9),
    );
    expect([...toNumbers(result ?? bytes())]).toEqual([2, 4, 9]);
  });

  it('are quantized anew when an input is float', async () => {
    const result = await run(
      `input %a: uint8[1] quantized(scale 0.5, zero 0)
       input %b: float32[1]
       %y: uint8[2] quantized(scale 0.5, zero 0) = Concat(%a, %b) {axis=0}
       output %y`,
      bytes(4),
      float32([3]),
    );
    expect([...toNumbers(result ?? bytes())]).toEqual([4, 6]);
  });
});
