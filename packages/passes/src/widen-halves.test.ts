import { Gather, inferTypes, type Node, type Op, parse, print, runPasses, Transpose } from '@octavo/core/ir';
import { describe, expect, it } from 'vitest';
import { eliminateDeadNodes, widenHalves } from './index.js';

/** Ops that run as well on halves. */
const MOVEMENTS: readonly Op[] = [Transpose, Gather];

function gain(_: unknown, node: Node): number {
  if (node.op.name === 'Erf') return -1;
  return MOVEMENTS.includes(node.op) ? 0 : 1;
}

async function widen(body: string) {
  const graph = parse(`graph opset 21 {\n${body}\n}`);
  inferTypes(graph);
  await runPasses(graph, [widenHalves({ gain }), eliminateDeadNodes], { verify: true });
  return print(graph);
}

describe('widen-halves', () => {
  it('computes in float32 between the inputs and outputs of a graph, which stay halves', async () => {
    const text = await widen(`
      input %x: float16[2, 3]
      const %w: float16[3, 2] = [1, -0.5, 3, 0.1, 65504, 6]
      const %b: float16[2] = [1, 2]
      %p = MatMul(%x, %w)
      %s = Add(%p, %b) @sum
      %y = Relu(%s)
      output %y`);
    expect(text).toMatchInlineSnapshot(`
      "graph opset 21 {
        input %x: float16[2, 3]
        const %w_2: float32[3, 2] = [1, -0.5, 3, 0.099975586, 65504, 6]
        const %b_2: float32[2] = [1, 2]
        %x_float32: float32[2, 3] = Cast(%x) {to=1}
        %p_wide: float32[2, 2] = MatMul(%x_float32, %w_2)
        %s_wide: float32[2, 2] = Add(%p_wide, %b_2) @sum
        %y_wide: float32[2, 2] = Relu(%s_wide)
        %y: float16[2, 2] = Cast(%y_wide) {to=10}
        output %y
      }
      "
    `);
  });

  it('rounds what nodes that stay read, and outputs in between', async () => {
    const text = await widen(`
      input %x: bfloat16[2]
      %a = Neg(%x)
      %b = Relu(%a)
      %c = Erf(%b)
      %y = Abs(%c)
      output %a
      output %y`);
    expect(text).toMatchInlineSnapshot(`
      "graph opset 21 {
        input %x: bfloat16[2]
        %x_float32: float32[2] = Cast(%x) {to=1}
        %a_wide: float32[2] = Neg(%x_float32)
        %a: bfloat16[2] = Cast(%a_wide) {to=16}
        %b_wide: float32[2] = Relu(%a_wide)
        %b: bfloat16[2] = Cast(%b_wide) {to=16}
        %c: bfloat16[2] = Erf(%b)
        %c_float32: float32[2] = Cast(%c) {to=1}
        %y_wide: float32[2] = Abs(%c_float32)
        %y: bfloat16[2] = Cast(%y_wide) {to=16}
        output %a, %y
      }
      "
    `);
  });

  it('moves halves as they are, and floats where they are floats', async () => {
    const text = await widen(`
      const %table: float16[3, 2] = [1, 2, 3, 4, 5, 6]
      input %i: int64[2]
      %e = Gather(%table, %i)
      %n = Neg(%e)
      %y = Transpose(%n)
      output %y`);
    expect(text).toMatchInlineSnapshot(`
      "graph opset 21 {
        input %i: int64[2]
        const %table: float16[3, 2] = [1, 2, 3, 4, 5, 6]
        %e: float16[2, 2] = Gather(%table, %i)
        %e_float32: float32[2, 2] = Cast(%e) {to=1}
        %n_wide: float32[2, 2] = Neg(%e_float32)
        %y_wide: float32[2, 2] = Transpose(%n_wide)
        %y: float16[2, 2] = Cast(%y_wide) {to=10}
        output %y
      }
      "
    `);
  });

  it('keeps the roundings of casts that the model has', async () => {
    const text = await widen(`
      input %x: float32[2]
      input %i: int32[2]
      %h = Cast(%x) {to=10}
      %j = Cast(%i) {to=10}
      %s = Add(%h, %j)
      %f = Cast(%s) {to=1}
      %y = Floor(%f)
      output %y`);
    expect(text).toMatchInlineSnapshot(`
      "graph opset 21 {
        input %x: float32[2]
        input %i: int32[2]
        %h: float16[2] = Cast(%x) {to=10}
        %j_wide: float32[2] = Cast(%i) {to=1}
        %j: float16[2] = Cast(%j_wide) {to=10}
        %h_float32: float32[2] = Cast(%h) {to=1}
        %j_float32: float32[2] = Cast(%j) {to=1}
        %s_wide: float32[2] = Add(%h_float32, %j_float32)
        %s: float16[2] = Cast(%s_wide) {to=10}
        %f: float32[2] = Cast(%s) {to=1}
        %y: float32[2] = Floor(%f)
        output %y
      }
      "
    `);
  });

  it.each([
    ['float32', 'input %x: float32[2]\n%y = Neg(%x)'],
    ['what attributes say', 'input %x: float16[2, 2]\n%y = EyeLike(%x) {dtype=10}'],
    ['bits', 'input %x: float16[2]\n%y = BitCast(%x) {to=4}'],
  ])('leaves %s alone', async (_, body) => {
    const graph = parse(`graph opset 26 {\n${body}\noutput %y\n}`);
    inferTypes(graph);
    const before = print(graph);
    await runPasses(graph, [widenHalves({ gain })], { verify: true });
    expect(print(graph)).toBe(before);
  });

  it('takes what an input has by default for no constant', async () => {
    const graph = parse(`graph opset 21 {
      input %x: float16[2]
      input %d: float16[2]
      const %c: float16[2] = [1, 2]
      %a = Add(%x, %c)
      %y = Mul(%a, %d)
      output %y
    }`);
    const given = graph.value('d');
    if (given) given.constant = graph.value('c')?.constant;
    inferTypes(graph);
    const twins: (readonly string[])[] = [];
    const noted: Parameters<typeof widenHalves>[0]['gain'] = (from, node, twin) => {
      twins.push(twin.graph.inputs.map(({ name }) => name));
      return gain(from, node);
    };
    await runPasses(graph, [widenHalves({ gain: noted }), eliminateDeadNodes], { verify: true });
    expect(twins).toEqual([['x'], ['a', 'd']]);
    const product = graph.nodes.find(({ op }) => op.name === 'Mul');
    expect(product?.inputs[1]?.producer?.inputs[0]?.name).toBe('d');
  });

  it('widens the constants of a graph once, however many nodes and plans read them', async () => {
    const graph = parse(`graph opset 21 {
      input %x: float16[2]
      const %c: float16[2] = [1, 2]
      %a = Add(%x, %c)
      %y = Mul(%a, %c)
      output %y
    }`);
    inferTypes(graph);
    const other = parse(print(graph));
    inferTypes(other);
    const constant = graph.value('c')?.constant;
    const value = other.value('c');
    if (value) value.constant = constant;
    for (const each of [graph, other]) await runPasses(each, [widenHalves({ gain }), eliminateDeadNodes]);
    const wide = [graph, other].flatMap(({ initializers }) => initializers.map((each) => each.constant));
    expect(wide).toHaveLength(2);
    expect(wide[0]?.dtype).toBe('float32');
    expect(wide[0]).toBe(wide[1]);
  });
});
