import { describe, expect, it } from 'vitest';
import { cloneGraph } from './clone.js';
import { inferTypes } from './infer.js';
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
