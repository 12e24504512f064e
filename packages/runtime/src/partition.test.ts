import { type Backend, defineBackend, defineKernel, SUPPORTED, unsupported } from '@octavo/backend';
import { Add, Mul, Neg, type Node, parse, Relu } from '@octavo/core/ir';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { boundary, partition } from './partition.js';

/** Computes nothing: partitioning only asks what is supported. */
const idle = { prepare: () => () => [] };

const additions = defineBackend({
  id: 'additions',
  kernels: [
    defineKernel(Add, {
      ...idle,
      supports: (node) => (node.name === 'no' ? unsupported('its name is no') : SUPPORTED),
    }),
  ],
});
const rest = defineBackend({
  id: 'rest',
  kernels: [defineKernel(Add, idle), defineKernel(Mul, idle), defineKernel(Relu, idle)],
});

const GRAPH = `graph opset 21 {
  input %x: float32[2]
  const %c: float32[2] = [1, 2]
  %a = Add(%x, %c) @first
  %b = Add(%a, %x) @second
  %m = Mul(%b, %a) @third
  %r = Relu(%m) @fourth
  %y = Add(%r, %b) @no
  output %y, %m
}`;

function parts(backends: readonly Backend[]) {
  const graph = parse(GRAPH);
  return { graph, list: partition(graph, backends) };
}

describe('partitioning', () => {
  it('gives runs of nodes to the first backend that supports them', () => {
    const { list } = parts([additions, rest]);
    expect(list.map(({ backend, nodes }) => [backend.id, nodes.map((node) => node.name)])).toEqual([
      ['additions', ['first', 'second']],
      ['rest', ['third', 'fourth', 'no']],
    ]);
  });

  it('gathers what can run together, whatever the order of the file', () => {
    const graph = parse(`graph opset 21 {
      input %x: float32[2]
      %a = Add(%x, %x) @a1
      %m = Mul(%x, %x) @m1
      %b = Add(%a, %x) @a2
      %n = Mul(%m, %m) @m2
      %y = Add(%b, %n) @a3
      output %y
    }`);
    const list = partition(graph, [additions, rest]);
    expect(list.map(({ nodes }) => nodes.map(({ name }) => name))).toEqual([
      ['m1', 'm2'],
      ['a1', 'a2', 'a3'],
    ]);
  });

  it('never runs a node before its operands', () => {
    const step = fc.record({ op: fc.constantFrom('Add', 'Mul'), left: fc.nat(), right: fc.nat() });
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 30 }), (steps) => {
        const lines = steps.map(({ op, left, right }, i) => {
          const value = (pick: number) => (pick % (i + 1) === i ? '%x' : `%v${pick % (i + 1)}`);
          return `%v${i} = ${op}(${value(left)}, ${value(right)})`;
        });
        const graph = parse(
          `graph opset 21 {\n input %x: float32[2]\n ${lines.join('\n ')}\n output %v${steps.length - 1}\n}`,
        );
        const order = partition(graph, [additions, rest]).flatMap(({ nodes }) => nodes);
        expect(new Set(order)).toEqual(new Set(graph.nodes));
        const done = new Set<Node>();
        for (const node of order) {
          for (const { producer } of node.operands) if (producer) expect(done.has(producer)).toBe(true);
          done.add(node);
        }
      }),
      { numRuns: 50 },
    );
  });

  it('keeps to the order of preference', () => {
    const { list } = parts([rest, additions]);
    expect(list.map(({ backend }) => backend.id)).toEqual(['rest']);
    expect([...(list[0]?.declined.values() ?? [])].flat()).toEqual([]);
  });

  it('tells why preferred backends declined a node', () => {
    const { list } = parts([additions, rest]);
    const reasons = list.flatMap(({ nodes, declined }) =>
      nodes.flatMap((node) =>
        (declined.get(node) ?? []).map(({ backend, reason }) => [node.name, backend, reason]),
      ),
    );
    expect(reasons).toEqual([
      ['third', 'additions', 'no Mul kernel'],
      ['fourth', 'additions', 'no Relu kernel'],
      ['no', 'additions', 'its name is no'],
    ]);
  });

  it('hands over values between parts, graph outputs included and constants not', () => {
    const { graph, list } = parts([additions, rest]);
    const names = list.map(({ nodes }) => {
      const { inputs, outputs } = boundary(graph, nodes);
      return { inputs: inputs.map(({ name }) => name), outputs: outputs.map(({ name }) => name) };
    });
    expect(names).toEqual([
      { inputs: ['x'], outputs: ['a', 'b'] },
      { inputs: ['b', 'a'], outputs: ['m', 'y'] },
    ]);
  });

  it('refuses a graph with ops that no backend runs, naming each once with the reasons', () => {
    const graph = parse(`graph opset 21 {
      input %x: float32[2]
      %a = Neg(%x) @one
      %b = Neg(%a) @two
      %y = Mul(%b, %x) @three
      output %y
    }`);
    expect(Neg.is(graph.nodes[0])).toBe(true);
    expect(() => partition(graph, [additions])).toThrow(
      expect.objectContaining({
        code: 'OP_UNSUPPORTED',
        fault:
          'no backend runs Neg (first at one; additions: no Neg kernel), Mul (first at three; additions: no Mul kernel).',
      }),
    );
  });
});
