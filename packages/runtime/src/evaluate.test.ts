import type { Backend } from '@octavo/backend';
import { parse, print, runPasses } from '@octavo/core/ir';
import { float32, int64, toNumbers } from '@octavo/core/tensor';
import { foldConstants } from '@octavo/passes';
import { reference } from '@octavo/reference';
import { describe, expect, it } from 'vitest';
import { evaluateOn } from './evaluate.js';

/** The same kernels, in subgraphs of one node. */
function compiling(): Backend {
  const { evaluate, ...backend } = reference();
  expect(evaluate).toBeDefined();
  return backend;
}

describe.each([
  ['computes nodes alone', reference()],
  ['compiles subgraphs', compiling()],
])('folding on a backend that %s', (_, backend) => {
  it('reads constants, and what Constant nodes give', async () => {
    const graph = parse(`graph opset 21 {
      input %x: float32[2]
      input %long: float32[6]
      const %w: float32[2] = [1, 2]
      %c = Constant() {value_floats=[3.0, 5.0]}
      %s = Add(%c, %w)
      %d = Mul(%c, %c)
      %e = Concat(%c, %c, %w) {axis=0}
      %z = Mul(%long, %e)
      %t = Add(%s, %d)
      %y = Mul(%x, %t)
      output %y
      output %c
      output %z
    }`);
    await runPasses(graph, [foldConstants({ evaluate: evaluateOn(backend) })]);
    expect(print(graph)).toContain('const %t: float32[2] = [13, 32]');
    expect(print(graph)).toContain('const %e: float32[6] = [3, 5, 3, 5, 1, 2]');
  });

  it('leaves optional inputs and outputs out', async () => {
    const graph = parse(`graph opset 21 {
      const %x: float32[5] = [1, 2, 3, 4, 5]
      const %most: float32[] = 3
      _, %b = Split(%x, _) {num_outputs=2}
      %c = Clip(%x, _, %most)
      output %b
      output %c
    }`);
    const evaluate = evaluateOn(backend);
    const results = await Promise.all(
      graph.nodes.map(async (node) => {
        const inputs = await Promise.all(node.inputs.map((value) => value?.constant?.load()));
        return (await evaluate(graph, node, inputs, 2 ** 20))?.map((tensor) => [...toNumbers(tensor)]);
      }),
    );
    expect(results).toEqual([[[4, 5]], [[1, 2, 3, 3, 3]]]);
  });

  it('refuses results over the limit', async () => {
    const graph = parse(`graph opset 21 {
      const %x: float32[1] = [1]
      const %size: int64[1] = [4]
      %y = Expand(%x, %size)
      output %y
    }`);
    const [node] = graph.nodes;
    if (!node) throw new Error('the graph has a node');
    const run = async () => evaluateOn(backend)(graph, node, [float32([1]), int64([4n])], 8);
    await expect(run).rejects.toMatchObject({ code: 'TENSOR_TOO_LARGE' });
  });
});
