import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { float32, StoredTensor } from '../tensor/index.js';
import { Graph } from './graph.js';
import type { Node } from './node.js';
import { Add, Clip, Concat, Conv, If, Neg, Relu } from './ops/index.js';
import { outputOf } from './output-of.js';
import { parse } from './text/index.js';
import { tensorType, type Value } from './value.js';
import { verify } from './verify.js';

describe('Graph', () => {
  it('makes names unique, also from nothing', () => {
    const graph = new Graph();
    expect([graph.addInput(graph.uniqueName('')).name, graph.addInput(graph.uniqueName('')).name]).toEqual([
      'value',
      'value_2',
    ]);
    expect(() => graph.addInput('value')).toThrow(/a name that no other value/);
    expect(() => graph.addInput('')).toThrow(/needs a name/);
  });

  it('emits typed nodes with named outputs', () => {
    const graph = new Graph();
    const X = graph.addInput('x');
    const W = graph.addInitializer('w', StoredTensor.of(float32([1], [1, 1, 1])));
    const first = graph.emit(Conv, { X, W }, { strides: [2], auto_pad: 'SAME_UPPER' }, { name: 'conv' });
    const second = graph.emit(Conv, { X, W });
    expect([first.output?.name, second.output?.name]).toEqual(['conv', 'Conv']);
    expect(Conv.attributes(first)).toMatchObject({ strides: [2], auto_pad: 'SAME_UPPER', group: 1 });
    expect(first.inputs).toHaveLength(2);
    expect(graph.emit(Clip, { input: X, max: W }).inputs).toEqual([X, undefined, W]);
    expect(graph.emit(Concat, { inputs: [X, W] }, { axis: 0 }, { outputs: 1 }).inputs).toEqual([X, W]);
  });

  it('sorts anew after every edit', () => {
    const graph = new Graph();
    const x = graph.addInput('x');
    const first = graph.emit(Relu, { X: x });
    const second = graph.emit(Neg, { X: x });
    expect(graph.sorted()).toEqual([first, second]);
    first.setInput(0, second.output);
    expect(graph.sorted()).toEqual([second, first]);
    const third = graph.emit(Relu, { X: first.output ?? x });
    expect(graph.sorted()).toEqual([second, first, third]);
    first.replaceOperand(second.output ?? x, x);
    graph.removeNode(second);
    expect(graph.sorted()).toEqual([first, third]);
    graph.sorted().reverse();
    expect(graph.sorted()).toEqual([first, third]);
    expect(first.operands).toEqual([x]);
  });

  it('computes a value by one node only', () => {
    const graph = new Graph();
    const x = graph.addInput('x');
    const y = graph.addValue('y');
    graph.addNode(Relu, { inputs: [x], outputs: [y] });
    expect(() => graph.addNode(Neg, { inputs: [x], outputs: [y] })).toThrow(
      'a value is computed by one node only',
    );
  });

  it('keeps users right through replacing, removing and renaming', () => {
    const graph = parse(`graph opset 21 {
      input %x: float32[2]
      %a = Relu(%x)
      %b = Add(%a, %a)
      output %b, %a
    }`);
    const [x, a, b] = ['x', 'a', 'b'].map((name) => graph.value(name));
    if (!x || !a || !b) throw new Error('the values exist');
    graph.replaceAllUses(a, x);
    expect([a.users, x.users.length, graph.outputs]).toEqual([[], 2, [b, x]]);
    const relu = a.producer;
    if (relu) graph.removeNode(relu);
    expect([graph.value('a'), x.users.length, graph.nodes.length]).toEqual([undefined, 1, 1]);
    expect(() => graph.removeNode(graph.nodes[0] as Node)).toThrow('its output b is still read');
    expect(() => graph.removeValue(x)).toThrow(/still read/);
    graph.rename(b, 'sum');
    expect([graph.value('sum'), graph.value('b')]).toEqual([b, undefined]);
    expect(() => graph.rename(b, 'x')).toThrow('the name x is taken');
    verify(graph);
  });

  it('leaves out outputs that nobody reads', () => {
    const graph = parse(`graph opset 21 {
      input %x: float32[2]
      %a, %b = Split(%x) {num_outputs=2}
      output %a
    }`);
    const [split] = graph.nodes;
    if (!split) throw new Error('the node exists');
    expect(() => graph.dropOutput(split, 0)).toThrow('its output a is still read');
    graph.dropOutput(split, 1);
    expect(split.outputs).toEqual([graph.value('a'), undefined]);
    graph.replaceAllUses(outputOf(split), graph.addInput('z'));
    graph.dropOutput(split, 0);
    expect([split.outputs, split.output]).toEqual([[undefined, undefined], undefined]);
    expect(graph.value('b')).toBeUndefined();
    verify(graph);
  });

  it('does not remove a captured value', () => {
    const graph = parse(`graph opset 21 {
      input %c: bool[]
      input %x: float32[2]
      %y = If(%c) {else_branch=graph (%i = %x) { output %i }, then_branch=graph (%j = %x) { %r = Relu(%x2)
        const %x2: float32[1] = [1]
        output %r }}
      output %y
    }`);
    const branch = If.attributes(graph.nodes[0] as Node).then_branch.graph;
    expect(() => branch.removeValue(branch.captures[0] as Value)).toThrow(/captured/);
  });

  it('sorts any acyclic graph, keeps an order that is one, and refuses cycles', () => {
    const edges = fc.array(fc.array(fc.nat(9), { minLength: 1, maxLength: 3 }), {
      minLength: 1,
      maxLength: 10,
    });
    fc.assert(
      fc.property(edges, fc.infiniteStream(fc.nat(100)), (list, order) => {
        const graph = new Graph();
        const values = [graph.addInput('x'), ...list.map((_, i) => graph.addValue(`v${i}`))];
        const shuffled = list.map((inputs, i) => ({ inputs, i, key: order.next().value as number }));
        shuffled.sort((a, b) => a.key - b.key);
        for (const { inputs, i } of shuffled) {
          const operands = inputs.map((pick) => values[pick % (i + 1)]);
          graph.addNode(Concat, { name: `${i}`, inputs: operands, outputs: [values[i + 1]] });
        }
        const sorted = graph.sorted();
        const position = new Map(sorted.map((node, i) => [node, i]));
        for (const node of sorted) {
          for (const { producer } of node.operands) {
            if (producer) expect(position.get(producer)).toBeLessThan(position.get(node) ?? 0);
          }
        }
        const isSortedAlready = graph.nodes.every((node, at) =>
          node.operands.every(({ producer }) => !producer || graph.nodes.indexOf(producer) < at),
        );
        if (isSortedAlready) expect(sorted).toEqual(graph.nodes);
        expect(sorted).toHaveLength(list.length);
      }),
    );
  });

  it('tells the version of the domain of an op, or of its own where it does not import that', () => {
    const graph = parse(`graph opset 17, com.microsoft 3 {
      input %x: float32[2]
      %y = com.microsoft::Gelu(%x)
      %z = Relu(%y)
      output %z
    }`);
    expect(graph.sorted().map((node) => graph.opsetOf(node))).toEqual([3, 17]);
    graph.opsets.delete('com.microsoft');
    expect(graph.sorted().map((node) => graph.opsetOf(node))).toEqual([17, 17]);
  });

  it('names a node of a cycle', () => {
    const graph = new Graph();
    const [a, b] = [graph.addValue('a'), graph.addValue('b')];
    graph.addNode(Relu, { inputs: [a], outputs: [b] });
    graph.addNode(Relu, { inputs: [b], outputs: [a] });
    expect(() => graph.sorted()).toThrow('node Relu(b): it depends on its own output');
  });
});

describe('Value', () => {
  it('tells what its type says as that changes', () => {
    const value = new Graph().addInput('x', tensorType('float32', [2, 'N']));
    const said = () => [value.tensorType, value.dtype, value.shape, value.quantized];
    expect(said()).toEqual([value.type, 'float32', [2, 'N'], undefined]);
    value.type = { kind: 'opaque', encoded: new Uint8Array() };
    expect([value.type.kind, ...said()]).toEqual(['opaque', undefined, undefined, undefined, undefined]);
    value.type = tensorType('int8');
    expect(said()).toEqual([value.type, 'int8', undefined, undefined]);
  });
});

describe('Node', () => {
  it('counts an operand that it reads twice once, until the last slot lets go', () => {
    const graph = new Graph();
    const x = graph.addInput('x');
    const z = graph.addInput('z');
    const node = graph.emit(Add, { A: x, B: x });
    expect(x.users).toEqual([node]);
    node.setInput(0, z);
    expect(x.users).toEqual([node]);
    node.setInput(1, z);
    expect([x.users, z.users]).toEqual([[], [node]]);
  });

  it('fills gaps and drops trailing ones when inputs are set', () => {
    const graph = new Graph();
    const x = graph.addInput('x');
    const node = graph.emit(Clip, { input: x });
    node.setInput(2, x);
    expect(node.inputs).toEqual([x, undefined, x]);
    node.setInput(2, undefined);
    expect(node.inputs).toEqual([x]);
  });

  it('tells its subgraphs as its attributes change', () => {
    const graph = new Graph();
    const node = graph.emit(Relu, { X: graph.addInput('x') });
    const subgraph = { graph: new Graph(), sources: [] };
    node.setAttribute('body', { kind: 'graph', value: subgraph });
    expect([node.subgraphs, graph.nestingNodes]).toEqual([[subgraph], [node]]);
    node.setAttribute('body', undefined);
    expect([node.subgraphs, graph.nestingNodes]).toEqual([[], []]);
  });

  it('counts among the nodes with subgraphs from when it is added until it is removed', () => {
    const graph = new Graph();
    const x = graph.addInput('x');
    expect(graph.nestingNodes).toEqual([]);
    const attributes = new Map([
      ['body', { kind: 'graph', value: { graph: new Graph(), sources: [] } } as const],
    ]);
    const nesting = graph.addNode(Relu, { inputs: [x], outputs: [graph.addValue('y')], attributes });
    const plain = graph.emit(Relu, { X: x });
    expect(graph.nestingNodes).toEqual([nesting]);
    graph.removeNode(plain);
    expect(graph.nestingNodes).toEqual([nesting]);
    graph.removeNode(nesting);
    expect(graph.nestingNodes).toEqual([]);
  });

  it('leaves lists alone that were taken before an edit', () => {
    const graph = new Graph();
    const [x, z] = [graph.addInput('x'), graph.addInput('z')];
    const node = graph.emit(Add, { A: x, B: x });
    const { inputs, operands, captures } = node;
    node.setInput(0, z);
    node.addCapture(z);
    expect([inputs, operands, captures]).toEqual([[x, x], [x, x], []]);
    expect([node.inputs, node.operands, node.captures]).toEqual([[z, x], [z, x, z], [z]]);
  });

  it('is called by its name, or by op and first output', () => {
    const graph = new Graph();
    const node = graph.emit(Relu, { X: graph.addInput('x') });
    expect(node.label).toBe('Relu(Relu)');
    node.name = 'act';
    expect(node.label).toBe('act');
  });

  it('captures an outer value once', () => {
    const graph = new Graph();
    const x = graph.addInput('x');
    const node = graph.emit(Relu, { X: x });
    expect([node.addCapture(x), node.addCapture(x), node.captures]).toEqual([0, 0, [x]]);
    expect(node.operands).toEqual([x, x]);
  });
});
