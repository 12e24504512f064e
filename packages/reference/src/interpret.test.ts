import { inferTypes, parse } from '@octavo/core/ir';
import { float32, fromNumbers, int64, type Tensor, toNumbers } from '@octavo/core/tensor';
import { describe, expect, it } from 'vitest';
import { interpret } from './interpret.js';
import { kernelTable } from './kernel-table.js';

async function run(text: string, ...inputs: Tensor[]): Promise<number[][]> {
  const graph = parse(text);
  inferTypes(graph);
  const compute = await interpret(graph, kernelTable);
  return compute(inputs, []).map((tensor) => Array.from(toNumbers(tensor)));
}

const bool = (value: boolean) => fromNumbers('bool', [], [Number(value)]);

describe('graphs with subgraphs', () => {
  it('run the branch that the condition of If chooses, on captured values', async () => {
    const text = `graph opset 21 {
      input %c: bool[]
      input %x: float32[2]
      %y = If(%c) {
        then_branch=graph yes(%a: float32[2] = %x) { %p = Neg(%a)
          output %p },
        else_branch=graph no(%b: float32[2] = %x) { output %b }
      }
      output %y
    }`;
    expect(await run(text, bool(true), float32([1, 2]))).toEqual([[-1, -2]]);
    expect(await run(text, bool(false), float32([1, 2]))).toEqual([[1, 2]]);
  });

  const loop = `graph opset 21 {
    input %n: int64[]
    input %x: float32[1]
    const %go: bool[] = 1
    const %limit: float32[1] = [100]
    %last, %all = Loop(%n, %go, %x) {
      body=graph body(%max: float32[1] = %limit) {
        input %i: int64[]
        input %c: bool[]
        input %s: float32[1]
        %twice = Add(%s, %s)
        %less = Less(%twice, %max)
        %next = Squeeze(%less)
        output %next, %twice, %twice
      }
    }
    output %last, %all
  }`;

  it('repeat the body of Loop as often as it is told, and stack what it gives out', async () => {
    expect(await run(loop, int64([3], []), float32([1]))).toEqual([[8], [2, 4, 8]]);
  });

  it('leave a Loop when its condition fails', async () => {
    expect(await run(loop, int64([9], []), float32([30]))).toEqual([[120], [60, 120]]);
  });

  it('give the initial state and nothing to stack when a Loop never runs', async () => {
    expect(await run(loop, int64([0], []), float32([5]))).toEqual([[5], []]);
  });

  it('scan backward and put the slices in reverse', async () => {
    const text = `graph opset 21 {
      input %start: float32[]
      input %x: float32[2, 3]
      %total, %sums = Scan(%start, %x) {
        num_scan_inputs=1, scan_input_axes=[1], scan_input_directions=[1], scan_output_directions=[1],
        body=graph body() {
          input %s: float32[]
          input %e: float32[2]
          %row = ReduceSum(%e) {keepdims=0}
          %next = Add(%s, %row)
          output %next, %next
        }
      }
      output %total, %sums
    }`;
    const [total, sums] = await run(text, float32([0], []), float32([1, 2, 3, 4, 5, 6], [2, 3]));
    expect([total, sums]).toEqual([[21], [21, 16, 9]]);
  });

  it('refuse an op without kernel by its name', async () => {
    await expect(
      run('graph opset 21 {\n input %x: float32[1]\n %y = NoSuchOp(%x)\n output %y }'),
    ).rejects.toThrow(/NoSuchOp/);
  });
});
