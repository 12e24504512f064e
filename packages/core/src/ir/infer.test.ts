import { describe, expect, it } from 'vitest';
import { inferTypes } from './infer.js';
import { capturedBy, recapture } from './rewrite/index.js';
import { parse } from './text/index.js';
import { tensorType } from './value.js';
import { verify } from './verify.js';

function infer(text: string, strict = false) {
  const graph = parse(text);
  inferTypes(graph, { strict });
  verify(graph);
  return graph;
}

describe('inferTypes', () => {
  it('follows shapes that the graph computes itself', () => {
    const graph = infer(`graph opset 21 {
      input %x: float32[N, 8, 4, 4]
      const %zero: int64[] = 0
      const %axes: int64[1] = [0]
      const %rest: int64[1] = [-1]
      %s = Shape(%x)
      %n = Gather(%s, %zero)
      %n1 = Unsqueeze(%n, %axes)
      %target = Concat(%n1, %rest) {axis=0}
      %y = Reshape(%x, %target)
      output %y
    }`);
    expect(graph.value('y')?.type).toMatchObject({ dtype: 'float32', shape: ['N', 128] });
  });

  it.each([
    ['%t = Shape(%x) {start=1}', [8, 4, 4]],
    ['%a = Shape(%x)\n%t = Slice(%a, %one, %three)', [8, 4]],
    ['%a = Shape(%x)\n%t = Slice(%a, %minus1, %minus9, %zero, %minus1)', [4, 4, 8, 2]],
    ['%a = Shape(%x)\n%b = Gather(%a, %one)\n%t = Mul(%b, %three)', [24]],
    ['%a = Shape(%x)\n%b = Gather(%a, %one)\n%t = Div(%b, %three)', [2]],
    ['%a = Shape(%x)\n%t0 = ReduceProd(%a) {keepdims=1}\n%t = Cast(%t0) {to=7}', [256]],
    ['%t0 = Size(%x)\n%t = Unsqueeze(%t0, %zero)', [256]],
    ['%a = Shape(%x)\n%e = Equal(%a, %four)\n%t = Where(%e, %one, %a)', [2, 8, 1, 1]],
    ['%t = ConstantOfShape(%three) {value=int64[1] [7]}', [7, 7, 7]],
    ['%t = Range(%z0, %three0, %one0)', [0, 1, 2]],
    ['%a = Shape(%x)\n%b = Gather(%a, %one)\n%c = Add(%b, %one)\n%t = Div(%c, %four)', [2]],
    [
      '%a = Shape(%x)\n%b = Gather(%a, %zero)\n%f = Cast(%b) {to=1}\n%t0 = Ceil(%f)\n%t = Cast(%t0) {to=7}',
      [2],
    ],
  ])('knows the elements that %j gives', (body, expected) => {
    const graph = infer(`graph opset 21 {
      input %x: float32[2, 8, 4, 4]
      const %zero: int64[1] = [0]
      const %one: int64[1] = [1]
      const %three: int64[1] = [3]
      const %four: int64[1] = [4]
      const %minus1: int64[1] = [-1]
      const %minus9: int64[1] = [-9]
      const %z0: int64[] = 0
      const %one0: int64[] = 1
      const %three0: int64[] = 3
      const %u: float32[] = 0
      ${body}
      %y = Expand(%u, %t)
      output %y
    }`);
    expect(graph.value('y')?.shape).toEqual(expected);
  });

  it('does not guess which way a float division of sizes will be rounded', () => {
    const graph = infer(`graph opset 21 {
      input %x: float32[7]
      const %two: int64[1] = [2]
      %s = Shape(%x)
      %f = Cast(%s) {to=1}
      %d = Cast(%two) {to=1}
      %half = Div(%f, %d)
      %up = Ceil(%half)
      %size = Cast(%up) {to=7}
      %y = ConstantOfShape(%size)
      output %y
    }`);
    expect(graph.value('y')?.shape).toEqual([null]);
  });

  it('does not slice or join the rows of a matrix as if they were a list', () => {
    const graph = infer(`graph opset 21 {
      input %x: float32[2, 3, 4, 5]
      const %rows: int64[2] = [2, 2]
      const %first: int64[1] = [0]
      const %one: int64[1] = [1]
      const %flat: int64[1] = [-1]
      %s = Shape(%x)
      %matrix = Reshape(%s, %rows)
      %row = Slice(%matrix, %first, %one)
      %a = Reshape(%row, %flat)
      %y = ConstantOfShape(%a)
      %two = Concat(%matrix, %matrix) {axis=1}
      %b = Reshape(%two, %flat)
      %y1 = ConstantOfShape(%b)
      output %y, %y1
    }`);
    expect(graph.value('y')?.shape).toEqual([null, null]);
    expect(graph.value('y1')?.shape).toEqual(new Array(8).fill(null));
  });

  it('does not make a shape as long as a file claims', () => {
    const graph = infer(`graph opset 21 {
      input %x: float32[7]
      input %s: int64[5000000000]
      %y = Reshape(%x, %s)
      %y1 = ConstantOfShape(%s)
      output %y, %y1
    }`);
    expect(graph.value('y')?.shape).toBeUndefined();
    expect(graph.value('y1')?.shape).toBeUndefined();
  });

  it('carries types and known elements into subgraphs and out of them', () => {
    const graph = infer(`graph opset 21 {
      input %c: bool[]
      input %x: float32[2, 6]
      const %shape: int64[2] = [3, -1]
      %y = If(%c) {else_branch=graph (%i = %x, %s = %shape) {
        %r = Reshape(%i, %s)
        output %r
      }, then_branch=graph (%i = %x, %s = %shape) {
        %n = Neg(%i)
        %r = Reshape(%n, %s)
        output %r
      }}
      output %y
    }`);
    expect(graph.value('y')?.shape).toEqual([3, 4]);
  });

  it('infers anew inside a subgraph when what it captures changes, and only then', () => {
    const graph = infer(`graph opset 21 {
      input %c: bool[]
      input %x: float32[2, 6]
      const %shape: int64[2] = [3, -1]
      const %other: int64[2] = [-1, 6]
      %y = If(%c) {else_branch=graph (%i = %x, %s = %shape) {
        %r = Reshape(%i, %s)
        output %r
      }, then_branch=graph (%i = %x, %s = %shape) {
        %r = Reshape(%i, %s)
        output %r
      }}
      output %y, %other
    }`);
    const [node] = graph.nodes;
    const inside = () => node?.subgraphs.map((each) => each.graph.nodes[0]?.inferred);
    const before = inside();
    inferTypes(graph);
    inside()?.forEach((inferred, i) => {
      expect(inferred).toBe(before?.[i]);
    });
    const [x, shape, other] = ['x', 'shape', 'other'].map((name) => graph.value(name));
    if (x) x.type = tensorType('float32', [2, 12]);
    inferTypes(graph);
    expect(graph.value('y')?.shape).toEqual([3, 8]);
    if (shape && other) node?.replaceOperand(shape, other);
    inferTypes(graph);
    expect(graph.value('y')?.shape).toEqual([4, 6]);
  });

  it('infers anew what reads a Constant node or a computed shape that changed', () => {
    const graph = infer(`graph opset 21 {
      input %x: float32[2, 6]
      input %z: float32[12]
      %first = Constant() {value_ints=[3]}
      %rest = Constant() {value_ints=[-1]}
      %shape = Concat(%first, %rest) {axis=0}
      %y = Reshape(%x, %shape)
      %s = Shape(%y)
      %w = Reshape(%z, %s)
      output %w
    }`);
    expect(graph.value('w')?.shape).toEqual([3, 4]);
    graph.value('first')?.producer?.setAttribute('value_ints', { kind: 'ints', value: [2] });
    inferTypes(graph);
    expect(graph.value('w')?.shape).toEqual([2, 6]);
    graph.value('shape')?.producer?.setInput(0, graph.value('rest'));
    graph.value('shape')?.producer?.setInput(1, graph.value('first'));
    inferTypes(graph);
    expect(graph.value('w')?.shape).toEqual([6, 2]);
  });

  it('infers a node anew when its attributes or its op set change', () => {
    const graph = infer(`graph opset 9 {
      input %x: float32[1, 3, 4]
      %flat = Flatten(%x) {axis=1}
      %d, %mask = Dropout(%x)
      output %flat, %mask
    }`);
    const found = () => [graph.value('flat')?.shape, graph.value('mask')?.dtype];
    expect(found()).toEqual([[1, 12], 'float32']);
    graph.value('flat')?.producer?.setAttribute('axis', { kind: 'int', value: 2 });
    inferTypes(graph);
    expect(found()).toEqual([[3, 4], 'float32']);
    graph.opsets.set('', 10);
    inferTypes(graph);
    expect(found()).toEqual([[3, 4], 'bool']);
  });

  it('infers a node anew when an input of unknown type is left out', () => {
    const graph = infer(`graph opset 13 {
      input %x: float32[1, 3, 4]
      input %axes
      const %start: int64[1] = [1]
      const %end: int64[1] = [3]
      %part = Slice(%x, %start, %end, %axes, %start)
      %less = Squeeze(%x, %axes)
      output %part, %less
    }`);
    const shapes = () => [graph.value('part')?.shape, graph.value('less')?.shape];
    expect(shapes()).toEqual([[null, null, null], undefined]);
    graph.value('part')?.producer?.setInput(3, undefined);
    graph.value('less')?.producer?.setInput(1, undefined);
    inferTypes(graph);
    expect(shapes()).toEqual([
      [0, 3, 4],
      [3, 4],
    ]);
  });

  it('infers an output anew whose type was taken away or is another', () => {
    const graph = infer('graph opset 21 { input %x: float32[2]\n%y = Relu(%x)\noutput %y }');
    const y = graph.value('y');
    for (const type of [
      undefined,
      tensorType('int8', [9]),
      { kind: 'opaque', encoded: new Uint8Array() },
    ] as const) {
      if (y) y.type = type;
      inferTypes(graph);
      expect(y?.type).toMatchObject({ dtype: 'float32', shape: [2] });
    }
  });

  it('knows what a subgraph captures where that is inferred by itself', () => {
    const graph = infer(`graph opset 21 {
      input %c: bool[]
      input %x: float32[2, 6]
      const %four: int64[1] = [4]
      const %rest: int64[1] = [-1]
      %shape = Concat(%four, %rest) {axis=0}
      %y = If(%c) {else_branch=graph (%i = %x, %s = %shape) {
        %r = Reshape(%i, %s)
        output %r
      }, then_branch=graph (%i = %x, %s = %shape) {
        %r = Reshape(%i, %s)
        output %r
      }}
      output %y
    }`);
    const inside = graph.nodes.flatMap((node) => node.subgraphs.map((each) => each.graph));
    const inferred = () => inside.flatMap((each) => each.nodes.map((node) => node.inferred));
    const before = inferred();
    expect(before).toHaveLength(2);
    for (const each of inside) inferTypes(each);
    inferTypes(graph);
    inferred().forEach((each, i) => {
      expect(each).toBe(before[i]);
    });
  });

  it('sees in a subgraph by itself what it captures now', () => {
    const graph = infer(`graph opset 21 {
      input %c: bool[]
      input %x: float32[2, 6]
      input %z: float32[4, 6]
      const %shape: int64[2] = [4, -1]
      const %other: int64[2] = [3, -1]
      const %two: int64[1] = [2]
      const %rest: int64[1] = [-1]
      %long = Concat(%two, %rest) {axis=0}
      %y = If(%c) {then_branch=graph (%i = %x, %s = %shape) {
        %r = Reshape(%i, %s)
        output %r
      }, else_branch=graph (%i = %x, %s = %shape) {
        %r = Reshape(%i, %s)
        output %r
      }}
      output %y
    }`);
    const value = (name: string) => graph.value(name) ?? expect.fail(name);
    const [node] = graph.nestingNodes;
    const [inside] = node?.subgraphs.map((each) => each.graph) ?? [];
    const shapeInside = () => {
      if (inside) inferTypes(inside);
      return inside?.outputs[0]?.shape;
    };
    expect(shapeInside()).toEqual([4, 3]);
    value('shape').constant = value('other').constant;
    expect(shapeInside()).toEqual([3, 4]);
    node?.replaceOperand(value('shape'), value('long'));
    expect(shapeInside()).toEqual([2, 6]);
    node?.replaceOperand(value('x'), value('z'));
    expect(shapeInside()).toEqual([2, 12]);
  });

  it('knows a capture by itself once the captures before it are gone', () => {
    const graph = infer(`graph opset 21 {
      input %c: bool[]
      input %x: float32[2, 6]
      input %z: float32[3, 4]
      %y = If(%c) {then_branch=graph (%i = %x, %j = %z) {
        %r = Neg(%j)
        output %r
      }, else_branch=graph (%i = %x) {
        %r = Neg(%i)
        output %r
      }}
      output %y
    }`);
    const [node] = graph.nestingNodes;
    const [first] = node?.subgraphs ?? [];
    const z = graph.value('z');
    if (!node || !first || !z) throw new Error('an If with two branches');
    recapture(node, new Map(node.subgraphs.map((each) => [each.graph, capturedBy(node, each)])));
    expect(first.graph.captures).toHaveLength(1);
    z.type = tensorType('float32', [5, 4]);
    inferTypes(first.graph);
    expect(first.graph.outputs[0]?.shape).toEqual([5, 4]);
  });

  it('looks at each of many captures a few times', () => {
    const names = Array.from({ length: 500 }, (_, i) => `v${i}`);
    const branch = (op: string) => `graph (${names.map((name) => `%${name} = %${name}`).join(', ')}) {
      %r = ${op}(${names.map((name) => `%${name}`).join(', ')})
      output %r
    }`;
    const graph = parse(`graph opset 21 {
      input %c: bool[]
      ${names.map((name) => `input %${name}: float32[2]`).join('\n')}
      %y = If(%c) {then_branch=${branch('Sum')}, else_branch=${branch('Max')}}
      output %y
    }`);
    const [inside] = graph.nestingNodes.flatMap((node) => node.subgraphs);
    let looks = 0;
    if (inside)
      inside.graph.captures = new Proxy(inside.graph.captures, {
        get(captures, key) {
          looks++;
          return Reflect.get(captures, key);
        },
      });
    inferTypes(graph);
    expect(graph.value('y')?.shape).toEqual([2]);
    expect(looks).toBeGreaterThan(names.length);
    expect(looks).toBeLessThan(10 * names.length);
  });

  it('leaves a branch alone that does not fit what it captures, unless strict', () => {
    const text = `graph opset 21 {
      input %c: bool[]
      input %x: float32[2, 6]
      %y = If(%c) {then_branch=graph (%i = %x) {
        const %axes: int64[1] = [0]
        %s = Squeeze(%i, %axes)
        output %s
      }, else_branch=graph (%i = %x) {
        %n = Neg(%i)
        output %n
      }}
      %z = Neg(%x)
      output %y, %z
    }`;
    expect(infer(text).value('z')?.shape).toEqual([2, 6]);
    expect(() => infer(text, true)).toThrow(expect.objectContaining({ code: 'INFER_TYPES' }));
  });

  it('keeps quantized types and what the graph says more precisely', () => {
    const graph = infer(`graph opset 21 {
      input %x: uint8[N, 4] quantized(scale 0.5, zero 128)
      const %shape: int64[1] = [-1]
      %y: uint8[8] quantized(scale 0.5, zero 128) = Reshape(%x, %shape)
      output %y
    }`);
    expect(graph.value('y')?.type).toMatchObject({ dtype: 'uint8', shape: [8] });
    expect(graph.value('y')?.quantized?.zeroPoints).toEqual(Int32Array.of(128));
  });

  it('lets the inferred type win over a contradicting one, or refuses it when strict', () => {
    const text = `graph opset 21 {
      input %x: float32[2]
      %y: int32[3] = Relu(%x)
      output %y
    }`;
    expect(infer(text).value('y')?.type).toMatchObject({ dtype: 'float32', shape: [2] });
    expect(() => infer(text, true)).toThrow(
      'node Relu(y) (Relu): y is declared as int32, its node gives float32.',
    );
  });

  it('names the node whose inputs contradict its op', () => {
    const text = `graph opset 21 {
      input %a: float32[2, 3]
      input %b: float32[4, 5]
      %y = MatMul(%a, %b) @product
      output %y
    }`;
    expect(() => infer(text)).toThrow(/^node product \(MatMul\): the inner sizes/);
  });

  it('says nothing behind ops that it does not know', () => {
    const graph = infer('graph opset 21 { input %x: float32[2]\n%a = Foo(%x)\n%y = Relu(%a)\noutput %y }');
    expect(graph.value('y')?.type).toBeUndefined();
  });
});
