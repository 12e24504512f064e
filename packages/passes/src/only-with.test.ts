import { Add, Graph, If, MatMul, Neg, type Pass, parse, Relu } from '@octavo/core/ir';
import { describe, expect, it } from 'vitest';
import { hasOp, keysOf, onlyWith } from './only-with.js';

const GRAPH = `graph opset 21 {
  input %x: float32[2]
  %y = Relu(%x)
  output %y
}`;

const log = { fired() {}, declined() {} };

describe('passes that need an op', () => {
  it('run where it is, with what they require and ensure', async () => {
    const told: string[] = [];
    const pass: Pass = {
      name: 'told',
      requires: () => void told.push('requires'),
      run: () => told.push('run') > 0,
      ensures: () => void told.push('ensures'),
    };
    const gated = onlyWith([MatMul, Relu], pass);
    const graph = parse(GRAPH);
    expect(gated.name).toBe('told');
    gated.requires?.(graph);
    expect(await gated.run(graph, log)).toBe(true);
    gated.ensures?.(graph);
    expect(told).toEqual(['requires', 'run', 'ensures']);
  });

  it('change nothing where it is not, or where no node fits', async () => {
    const pass: Pass = { name: 'never', run: () => expect.fail('it ran') };
    expect(await onlyWith([MatMul, Add], pass).run(parse(GRAPH), log)).toBe(false);
    expect(await onlyWith([Relu], pass, ({ name }) => name === 'other').run(parse(GRAPH), log)).toBe(false);
    expect(await onlyWith([Relu], pass).run(new Graph(), log)).toBe(false);
  });

  it('see nodes of the graph alone', () => {
    const graph = parse(`graph opset 21 {
      input %c: bool[]
      input %x: float32[2]
      %y = If(%c) {then_branch=graph (%v = %x) {
        %a = Relu(%v)
        output %a
      }, else_branch=graph (%w = %x) {
        %b = Neg(%w)
        output %b
      }}
      output %y
    }`);
    expect(hasOp(graph, keysOf(If))).toBe(true);
    expect(hasOp(graph, keysOf(Relu, Neg))).toBe(false);
  });

  it('ask whether a node fits', () => {
    expect(hasOp(parse(GRAPH), keysOf(Relu))).toBe(true);
    expect(hasOp(parse(GRAPH), keysOf())).toBe(false);
    expect(hasOp(parse(GRAPH), keysOf(Relu), ({ inputs }) => inputs.length === 2)).toBe(false);
  });
});
