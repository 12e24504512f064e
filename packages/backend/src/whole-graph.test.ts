import { Graph, parse, tensorType } from '@octavo/core/ir';
import { float32 } from '@octavo/core/tensor';
import { expect, it } from 'vitest';
import { wholeGraph } from './whole-graph.js';

it('is all of a graph, with its constants, and takes what the graph captures', async () => {
  const graph = parse(`graph opset 21 {
    input %x: float32[1]
    const %c: float32[1] = [3]
    %a = Add(%x, %c) @first
    %y = Relu(%a) @second
    output %y, %a
  }`);
  const whole = wholeGraph(graph);
  expect(whole.nodes.map(({ name }) => name)).toEqual(['first', 'second']);
  expect(whole.inputs.map(({ name }) => name)).toEqual(['x']);
  expect(whole.outputs.map(({ name }) => name)).toEqual(['y', 'a']);
  const [x, c] = graph.nodes[0]?.operands ?? [];
  expect(c && (await whole.constant(c))).toEqual(float32([3]));
  await expect(x && whole.constant(x)).rejects.toMatchObject({
    code: 'BACKEND_MISSING_VALUE',
    where: 'value x',
  });
  const inner = new Graph();
  const own = inner.addInput('own', tensorType('float32', [1]));
  const captured = inner.addValue('captured', tensorType('float32', [1]));
  inner.captures.push(captured);
  expect(wholeGraph(inner).inputs).toEqual([own, captured]);
});
