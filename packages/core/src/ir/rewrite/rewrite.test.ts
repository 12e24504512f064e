import { describe, expect, it } from 'vitest';
import { float32, StoredTensor } from '../../tensor/index.js';
import { Abs, Add, Conv, Neg, Relu } from '../ops/index.js';
import { runPasses } from '../pass-runner.js';
import { parse, print } from '../text/index.js';
import { verify } from '../verify.js';
import { defineRule, fixNode, match, rulePass, supersede } from './index.js';

/** Relu(Neg(Neg(x))) -> Relu(x), unless x is called "keep". */
const cancelNegations = defineRule({
  name: 'cancel-negations',
  pattern: match.op(Relu, match.op(Neg, match.op(Neg, match.any('x'))).once()),
  declines: ({ x }) => (x.name === 'keep' ? 'its input is to be kept' : undefined),
  rewrite: ({ x }, graph, root) => {
    const fresh = graph.emit(Relu, { X: x });
    if (root.output && fresh.output) supersede(graph, root.output, fresh.output);
  },
});
const pass = rulePass('cancel', [cancelNegations]);

describe('rules', () => {
  it('rewrite what they match, erase what is dead and keep the name of the result', async () => {
    const graph = parse(`graph opset 21 {
      input %x: float32[2]
      %a = Neg(%x)
      %b = Neg(%a)
      %y: float32[2] = Relu(%b)
      output %y
    }`);
    const records = await runPasses(graph, [pass], { verify: true });
    expect(print(graph)).toMatchInlineSnapshot(`
      "graph opset 21 {
        input %x: float32[2]
        %y: float32[2] = Relu(%x)
        output %y
      }
      "
    `);
    expect(records).toEqual([
      {
        pass: 'cancel',
        changed: true,
        fired: [{ rule: 'cancel-negations', place: 'Relu(y)' }],
        declined: [],
      },
    ]);
  });

  it('tell why they decline', async () => {
    const graph = parse(`graph opset 21 {
      input %keep: float32[2]
      %y = Relu(%b)
      %b = Neg(%a)
      %a = Neg(%keep)
      output %y
    }`);
    const before = print(graph);
    const [record] = await runPasses(graph, [pass], { verify: true });
    expect(print(graph)).toBe(before);
    expect(record?.declined).toEqual([
      { rule: 'cancel-negations', place: 'Relu(y)', reason: 'its input is to be kept' },
    ]);
  });

  it('are stopped when they undo each other', async () => {
    const swap = (from: typeof Neg, to: typeof Neg) =>
      defineRule({
        name: `${from.name}-to-${to.name}`,
        pattern: match.op(from, match.any('x')),
        rewrite: ({ x }, graph, root) => {
          const fresh = graph.emit(to, { X: x });
          if (root.output && fresh.output) supersede(graph, root.output, fresh.output);
        },
      });
    const graph = parse('graph opset 21 { input %x: float32[2]\n%y = Neg(%x)\noutput %y }');
    const endless = rulePass('swap', [swap(Neg, Abs), swap(Abs, Neg)]);
    await expect(runPasses(graph, [endless])).rejects.toMatchObject({
      code: 'RULES_ENDLESS',
      where: 'pass swap (the first to run)',
    });
  });

  it('leave a node alone that nothing reads', async () => {
    const graph = parse(`graph opset 21 {
      input %x: float32[2]
      %a = Neg(%x)
      %b = Neg(%a)
      %y = Relu(%b)
      %z = Abs(%x)
      output %z
    }`);
    const before = print(graph);
    const [record] = await runPasses(graph, [pass], { verify: true });
    expect(print(graph)).toBe(before);
    expect(record).toMatchObject({ changed: false, fired: [], declined: [] });
  });

  it('do not match a node that must be read once but is read twice or is an output', async () => {
    for (const extra of ['%c = Neg(%b)\noutput %y, %c', 'output %y, %b']) {
      const graph = parse(`graph opset 21 {
        input %x: float32[2]
        %a = Neg(%x)
        %b = Neg(%a)
        %y = Relu(%b)
        ${extra}
      }`);
      expect((await runPasses(graph, [pass]))[0]?.changed).toBe(false);
    }
  });

  it('match an optional input that is there or not', () => {
    const graph = parse(`graph opset 21 {
      input %x: float32[1, 1, 3, 3]
      input %v: float32[1]
      const %w: float32[1, 1, 1, 1] = [2]
      const %b: float32[1] = [1]
      %p = Conv(%x, %w)
      %q = Conv(%x, %w, %b)
      %r = Conv(%x, %w, %v)
      output %p, %q, %r
    }`);
    const pattern = match.op(Conv, match.any(), match.any(), match.optional(match.constant('bias')));
    const biases = graph.nodes.map(
      (node) => pattern.matchNode(node, { graph, captures: new Map() })?.captures.get('bias') ?? null,
    );
    expect(biases).toEqual([null, graph.value('b'), null]);
    const matched = graph.nodes.map(
      (node) => pattern.matchNode(node, { graph, captures: new Map() }) !== undefined,
    );
    expect(matched).toEqual([true, true, false]);
  });

  it('match commutative ops in both orders, optional inputs and repeated names', () => {
    const graph = parse(`graph opset 21 {
      input %x: float32[1, 1, 3, 3]
      const %w: float32[1, 1, 1, 1] = [2]
      const %one: float32[1] = [1]
      %c = Conv(%x, %w)
      %y = Add(%one, %c)
      %z = Add(%x, %x)
      output %y, %z
    }`);
    const [, y, z] = graph.nodes;
    const search = { graph, captures: new Map() };
    const pattern = match.op(
      Add,
      match.op(Conv, match.any('x'), match.constant('w'), match.absent()).as('conv'),
      match.constant('bias'),
    );
    if (!y || !z) throw new Error('the graph has three nodes');
    expect(pattern.matchNode(y, search)).toBeUndefined();
    const found = pattern.commutative().matchNode(y, search);
    expect([...(found?.captures.keys() ?? [])]).toEqual(['conv', 'x', 'w', 'bias']);
    expect(match.op(Add, match.any('a'), match.any('a')).matchNode(z, search)).toBeDefined();
    expect(match.op(Add, match.any('a'), match.any('a')).matchNode(y, search)).toBeUndefined();
  });
});

describe('the pass runner', () => {
  it('names the pass that failed, the ones before it and keeps the code of the fault', async () => {
    const broken = {
      name: 'broken',
      run: (graph: ReturnType<typeof parse>): boolean => {
        graph.inputs = [];
        return true;
      },
    };
    const graph = parse('graph opset 21 { input %x: float32[1]\n %y = Relu(%x)\n output %y }');
    await expect(runPasses(graph, [pass, broken], { verify: true })).rejects.toMatchObject({
      code: 'GRAPH_INVALID',
      where: 'pass broken (after cancel): value x',
    });
  });

  it('runs a pass on subgraphs too', async () => {
    const graph = parse(`graph opset 21 {
      input %c: bool[]
      input %x: float32[2]
      %y = If(%c) {else_branch=graph (%i: float32[2] = %x) {
        %r = Relu(%n)
        %n = Neg(%m)
        %m = Neg(%i)
        output %r
      }, then_branch=graph (%i: float32[2] = %x) { %r = Neg(%i)
        output %r }}
      output %y
    }`);
    const [record] = await runPasses(graph, [pass], { verify: true });
    expect(record?.fired).toHaveLength(1);
    expect(print(graph)).toContain('%r = Relu(%i)');
  });
});

it('puts constants in the place of a node and erases what only it needed', () => {
  const graph = parse(`graph opset 21 {
    input %x: float32[2]
    const %one: float32[2] = [1, 1]
    const %two: float32[2] = [2, 2]
    %a = Neg(%one)
    %b = Add(%a, %two)
    %c = Add(%b, %b)
    %y = Mul(%c, %two)
    output %y, %b
  }`);
  const constant = StoredTensor.of(float32([1, 1]));
  const [a, b] = ['a', 'b'].map((name) => graph.value(name)?.producer);
  if (!a || !b) throw new Error('nodes compute them');
  expect(() => fixNode(graph, a, [])).toThrow('its output a is still read');
  fixNode(graph, b, [constant]);
  verify(graph);
  expect(print(graph)).toMatchInlineSnapshot(`
    "graph opset 21 {
      input %x: float32[2]
      const %two: float32[2] = [2, 2]
      const %b: float32[2] = [1, 1]
      %c = Add(%b, %b)
      %y = Mul(%c, %two)
      output %y, %b
    }
    "
  `);
});
