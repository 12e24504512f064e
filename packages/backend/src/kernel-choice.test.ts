import { Add, inferTypes, Neg, parse, Relu } from '@octavo/core/ir';
import { float32, toNumbers } from '@octavo/core/tensor';
import { describe, expect, it } from 'vitest';
import type { Backend, Subgraph } from './backend.js';
import { defineBackend } from './define-backend.js';
import { defineKernel, type Operands } from './kernel.js';
import { SUPPORTED, unsupported } from './support.js';
import { wholeGraph } from './whole-graph.js';

const GRAPH = `graph opset 21 {
  input %x: float32[2]
  const %c: float32[2] = [10, 20]
  %n = Neg(%x) @first
  %s = Add(%n, %c) @second
  %y = Relu(%s) @third
  output %y
}`;

function subgraphOf(text: string): Subgraph {
  const graph = parse(text);
  inferTypes(graph);
  return wholeGraph(graph);
}

const numbers = (operands: Operands, i: number) => {
  const tensor = operands[i];
  return Array.from(tensor ? toNumbers(tensor) : []);
};

const neg = defineKernel(Neg, { prepare: () => (inputs) => [float32(numbers(inputs, 0).map((v) => -v))] });
const add = defineKernel(Add, {
  prepare: ({ constants }) => ({
    name: constants[1] ? 'add_constant' : 'add',
    run: (inputs) => [float32(numbers(inputs, 0).map((v, i) => v + (numbers(inputs, 1)[i] ?? 0)))],
  }),
});
const relu = defineKernel(Relu, {
  prepare: () => (inputs) => [float32(numbers(inputs, 0).map((v) => Math.max(0, v)))],
});

function supportOf(backend: Backend, name: string) {
  const { graph, nodes } = subgraphOf(GRAPH);
  const node = nodes.find((each) => each.name === name);
  return node && backend.supports(node, { graph, opset: 21 });
}

describe('a backend made of kernels', () => {
  it('runs nodes in order, hands constants to prepare, and names kernels', async () => {
    const backend = defineBackend({ id: 'list', kernels: [neg, add, relu] });
    using executable = await backend.compile(subgraphOf(GRAPH));
    const seen: string[] = [];
    const [y] = await executable.run([float32([12, 3])], (name) => seen.push(name));
    expect(y && Array.from(toNumbers(y))).toEqual([0, 17]);
    expect(seen).toEqual(['n', 's', 'y']);
    expect(executable.plan.map(({ kernel }) => kernel)).toEqual(['list', 'add_constant', 'list']);
  });

  it('runs a node on the first of its kernels that supports it', async () => {
    const never = defineKernel(Neg, { supports: () => unsupported('not today'), prepare: () => () => [] });
    const backend = defineBackend({ id: 'list', kernels: [never, neg, add, relu] });
    expect(supportOf(backend, 'first')).toEqual(SUPPORTED);
    using executable = await backend.compile(subgraphOf(GRAPH));
    expect(executable.plan).toHaveLength(3);
  });

  it('declines with the reason of its first kernel, or that it has none', () => {
    const never = defineKernel(Neg, { supports: () => unsupported('not today'), prepare: () => () => [] });
    const backend = defineBackend({ id: 'list', kernels: [never] });
    expect(supportOf(backend, 'first')).toEqual({ supported: false, reason: 'not today' });
    expect(supportOf(backend, 'third')).toEqual({ supported: false, reason: 'no Relu kernel' });
  });

  it('names a value that nobody computed', async () => {
    const backend = defineBackend({ id: 'list', kernels: [neg, add, relu] });
    using executable = await backend.compile(subgraphOf(GRAPH));
    expect(() => executable.runSync?.([])).toThrow(
      expect.objectContaining({ code: 'BACKEND_MISSING_VALUE', where: 'value x' }),
    );
  });
});
