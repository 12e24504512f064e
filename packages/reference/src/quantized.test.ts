import { inferTypes, parse } from '@octavo/core/ir';
import { fromNumbers, type Tensor, toNumbers } from '@octavo/core/tensor';
import { describe, expect, it } from 'vitest';
import { interpret } from './interpret.js';
import { kernelTable } from './kernel-table.js';

async function run(lines: string, ...inputs: Tensor[]): Promise<number[][]> {
  const graph = parse(`graph opset 21 {\n${lines}\n}`);
  inferTypes(graph);
  const compute = await interpret(graph, kernelTable);
  return compute(inputs, []).map((tensor) => Array.from(toNumbers(tensor)));
}

const uint8 = (...values: number[]) => fromNumbers('uint8', [values.length], values);

describe('quantized values', () => {
  it('keep their integers through an op that moves elements', async () => {
    const text = `input %x: uint8[4] quantized(scale 0.5, zero 3)
      const %s: int64[2] = [2, 2]
      %r: uint8[2, 2] quantized(scale 0.5, zero 3) = Reshape(%x, %s)
      %y: uint8[2, 2] quantized(scale 0.5, zero 3) = Transpose(%r)
      output %y`;
    expect(await run(text, uint8(0, 1, 254, 255))).toEqual([[0, 254, 1, 255]]);
  });

  it('are dequantized, computed and quantized where the parameters differ', async () => {
    const text = `input %x: uint8[3] quantized(scale 0.5, zero 3)
      const %s: int64[1] = [3]
      %y: uint8[3] quantized(scale 0.25, zero 0) = Reshape(%x, %s)
      output %y`;
    expect(await run(text, uint8(0, 4, 255))).toEqual([[0, 2, 255]]);
  });

  it('reach their largest element where a negative scale turns the order around', async () => {
    const text = `input %x: uint8[1, 1, 4] quantized(scale -1, zero 0)
      %y: uint8[1, 1, 1] quantized(scale -1, zero 0) = GlobalMaxPool(%x)
      output %y`;
    expect(await run(text, fromNumbers('uint8', [1, 1, 4], [7, 2, 9, 5]))).toEqual([[2]]);
  });

  it('multiply with an int32 bias in integers: sums beyond 2^24 stay exact', async () => {
    const text = `input %x: uint8[1, 2] quantized(scale 1, zero 0)
      const %w: int8[2, 1] quantized(scale 1, zero 0) = [1, 1]
      const %b: int32[1] quantized(scale 1, zero 0) = [-16777216]
      %y: int8[1, 1] quantized(scale 1, zero 0) = Gemm(%x, %w, %b)
      output %y`;
    expect(await run(text, fromNumbers('uint8', [1, 2], [255, 0]))).toEqual([[-128]]);
    const shifted = text.replace('-16777216', '-254');
    expect(await run(shifted, fromNumbers('uint8', [1, 2], [255, 4]))).toEqual([[5]]);
  });

  it('multiply as floats where the bias has another scale than the sums', async () => {
    const text = `input %x: uint8[1, 2] quantized(scale 1, zero 0)
      const %w: int8[2, 1] quantized(scale 1, zero 0) = [1, 1]
      const %b: int32[1] quantized(scale 0.5, zero 0) = [20]
      %y: int8[1, 1] quantized(scale 1, zero 0) = Gemm(%x, %w, %b)
      output %y`;
    expect(await run(text, fromNumbers('uint8', [1, 2], [7, 4]))).toEqual([[21]]);
  });

  it('add with the constants of QLinearAdd', async () => {
    const text = `input %a: uint8[2] quantized(scale 0.5, zero 0)
      input %b: uint8[2] quantized(scale 1, zero 2)
      %y: uint8[2] quantized(scale 1, zero 0) = Add(%a, %b)
      output %y`;
    expect(await run(text, uint8(1, 3), uint8(2, 12))).toEqual([[0, 12]]);
  });
});
