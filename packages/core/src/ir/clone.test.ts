import { describe, expect, it } from 'vitest';
import { cloneGraph, snapshotModel } from './clone.js';
import { inferTypes } from './infer.js';
import { createModel } from './model.js';
import { parse, print } from './text/index.js';
import { tensorType } from './value.js';
import { verify } from './verify.js';

const TEXT = `graph main opset 21, local 1 {
  input %c: bool[]
  input %x: float32[2]
  const %w: float32[2] = [1, 2]
  %a: float32[2] = Add(%x, %w) @sum
  %y = If(%c) {else_branch=graph no(%i = %a) {
    %r = Neg(%i)
    output %r
  }, then_branch=graph yes(%i = %a) {
    output %i
  }}
  output %y, %a
}
`;

describe('cloneGraph', () => {
  it('copies everything, subgraphs included', () => {
    const source = parse(TEXT);
    source.docString = 'what it is for';
    source.metadata = new Map([['key', 'value']]);
    const copy = cloneGraph(source);
    verify(copy);
    expect(print(copy)).toBe(TEXT);
    expect([copy.docString, copy.metadata.get('key')]).toEqual(['what it is for', 'value']);
    expect(copy.value('w')?.constant).toBe(source.value('w')?.constant);
  });

  it('keeps what was inferred, which holds for the copy until that changes', () => {
    const source = parse(TEXT);
    inferTypes(source);
    const copy = cloneGraph(source);
    const inside = copy.nodes[1]?.subgraphs[0]?.graph;
    const sum = copy.nodes[0];
    const kept = [sum?.inferred, inside?.nodes[0]?.inferred];
    expect(kept).not.toContain(undefined);
    inferTypes(copy);
    expect(sum?.inferred).toBe(kept[0]);
    expect(inside?.nodes[0]?.inferred).toBe(kept[1]);
    const x = copy.value('x');
    if (x) x.type = tensorType('float32', [5, 2]);
    inferTypes(copy);
    expect(copy.value('a')?.shape).toEqual([5, 2]);
    expect(source.value('a')?.shape).toEqual([2]);
  });

  it('can be edited without touching the source', () => {
    const source = parse(TEXT);
    const copy = cloneGraph(source);
    const inner = copy.nodes[1]?.subgraphs[0]?.graph;
    const negate = inner?.nodes[0];
    const captured = inner?.captures[0];
    if (inner && negate?.output && captured) inner.replaceAllUses(negate.output, captured);
    const [a, x] = [copy.value('a'), copy.value('x')];
    if (a && x) copy.replaceAllUses(a, x);
    expect(print(copy)).not.toBe(TEXT);
    expect(print(source)).toBe(TEXT);
    verify(source);
    verify(copy);
  });
});

describe('snapshotModel', () => {
  it('gives the model as it was, any number of times, whatever was done to it since', () => {
    const model = createModel(parse(TEXT));
    model.metadata.set('key', 'before');
    const copy = snapshotModel(model);
    const { graph } = model;
    const inner = graph.nodes[1]?.subgraphs[0]?.graph;
    const negate = inner?.nodes[0];
    const captured = inner?.captures[0];
    if (inner && negate?.output && captured) {
      inner.replaceAllUses(negate.output, captured);
      inner.removeNode(negate);
    }
    const [a, x, w] = [graph.value('a'), graph.value('x'), graph.value('w')];
    if (a?.producer && x && w) {
      graph.replaceAllUses(a, x);
      graph.removeNode(a.producer);
      graph.removeValue(w);
      graph.rename(x, 'a');
      x.type = tensorType('float32', [7]);
    }
    graph.addInput('b');
    graph.opsets.set('local', 9);
    model.metadata.set('key', 'after');
    expect(print(graph)).not.toBe(TEXT);
    for (const time of ['first', 'second']) {
      const { graph: earlier, metadata } = copy();
      verify(earlier);
      expect(print(earlier)).toBe(TEXT);
      expect(metadata.get('key')).toBe('before');
      earlier.addInput(time);
    }
  });
});
