import { type Graph, parse, storedConstant } from '@octavo/core/ir';
import { float32, StoredTensor } from '@octavo/core/tensor';
import { describe, expect, it } from 'vitest';
import { FoldedResults } from './folded-results.js';

const graph = parse(`graph main opset 21 {
  const %w: float32[2] = [1, 2]
  const %s: float32[2] = [2, 3]
  %a = Mul(%w, %s)
  %b = Mul(%s, %w)
  %c = Add(%w, %s)
  %d = Cast(%w) {to=10}
  %e = Cast(%w) {to=1}
  output %a, %b, %c, %d, %e
}`);

function nodeOf(name: string, source: Graph = graph) {
  const node = source.value(name)?.producer;
  if (!node) throw new Error(`no node gives ${name}`);
  return { node, inputs: node.inputs.map(storedConstant) };
}

const large = StoredTensor.of(float32(new Float32Array(4096)));

describe('folded results', () => {
  it.each([
    ['a', 'b'],
    ['a', 'c'],
    ['d', 'e'],
  ])('of %s are not those of %s', (kept, other) => {
    const results = new FoldedResults();
    const [one, two] = [nodeOf(kept), nodeOf(other)];
    results.keep(one.node, one.inputs, [large]);
    expect(results.find(one.node, one.inputs)).toEqual([large]);
    expect(results.find(two.node, two.inputs)).toBeUndefined();
  });

  it('are kept where they are large', () => {
    const results = new FoldedResults();
    const { node, inputs } = nodeOf('a');
    results.keep(node, inputs, [StoredTensor.of(float32([1, 2]))]);
    expect(results.find(node, inputs)).toBeUndefined();
  });
});
