import { expect, it } from 'vitest';
import { capturedBy, parse, print, recapture, verify } from '../index.js';

const GRAPH = `graph opset 21 {
  input %c: bool[]
  input %x: float32[2]
  input %z: float32[2]
  %a = Neg(%x)
  %y = If(%c) {then_branch=graph (%v = %a, %w = %x) {
    %d = Mul(%v, %w)
    output %d
  }, else_branch=graph (%v = %a) {
    %e = Neg(%v)
    output %e
  }} @choice
  output %y
}`;

it('makes subgraphs capture what they read, and nothing else', () => {
  const graph = parse(GRAPH);
  const [node] = graph.nestingNodes;
  const [first, second] = node?.subgraphs ?? [];
  const [a, z] = [graph.value('a'), graph.value('z')];
  if (!node || !first || !second || !a || !z) throw new Error('an If with two branches');
  const captured = new Map([first, second].map((each) => [each.graph, capturedBy(node, each)]));
  const stand = first.graph.addValue('stand', z.type);
  first.graph.captures.push(stand);
  captured.get(first.graph)?.set(stand, z);
  const [old] = first.graph.captures;
  if (old) first.graph.replaceAllUses(old, stand);
  recapture(node, captured);
  verify(graph);
  expect(node.captures.map(({ name }) => name)).toEqual(['x', 'z', 'a']);
  expect(first.graph.captures.map(({ name }) => name)).toEqual(['w', 'stand']);
  expect(print(graph)).toContain('then_branch=graph(%w = %x, %stand: float32[2] = %z)');
  expect(print(graph)).toContain('else_branch=graph(%v = %a)');
});

it('lets go of values that no subgraph reads any more', () => {
  const graph = parse(GRAPH);
  const [node] = graph.nestingNodes;
  const [first, second] = node?.subgraphs ?? [];
  const a = graph.value('a');
  if (!node || !first || !second || !a) throw new Error('an If with two branches');
  for (const { graph: inner } of [first, second]) {
    const own = inner.addInput('own');
    for (const stand of inner.captures) inner.replaceAllUses(stand, own);
  }
  recapture(node, new Map([first, second].map((each) => [each.graph, capturedBy(node, each)])));
  expect(node.captures).toEqual([]);
  expect(a.isRead).toBe(false);
  expect(first.graph.value('v')).toBeUndefined();
});
