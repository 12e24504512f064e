import { Equal, inferTypes, parse, print, runPasses, Transpose } from '@octavo/core/ir';
import { fromNumbers, StoredTensor, toNumbers, zeros } from '@octavo/core/tensor';
import { describe, expect, it } from 'vitest';
import { inlineBranches, type NodeEvaluator } from './index.js';

/** Computes Equal of single integers. */
const evaluate: NodeEvaluator = (_graph, node, [a, b]) =>
  Equal.is(node) && a && b
    ? [fromNumbers('bool', [], [Number(toNumbers(a)[0] === toNumbers(b)[0])])]
    : undefined;

async function run(text: string) {
  const graph = parse(text);
  inferTypes(graph);
  const [record] = await runPasses(graph, [inlineBranches({ evaluate })], { verify: true });
  return { text: print(graph), fired: record?.fired.filter(({ rule }) => rule === 'inline-branches') };
}

const choice = (condition: string) => `graph opset 21 {
  input %c: bool[]
  input %x: float32[N, 1]
  const %yes: bool[] = 1
  const %no: bool[] = 0
  %a = Neg(%x)
  %y = If(%${condition}) {then_branch=graph (%v = %a) {
    const %minus: float32[] = -1
    %d = Mul(%v, %minus)
    output %d
  }, else_branch=graph (%v = %x) {
    output %v
  }} @choice
  output %y
}`;

describe('inline-branches', () => {
  it('puts the branch taken in the place of the node', async () => {
    const { text, fired } = await run(choice('yes'));
    expect(text).toMatchInlineSnapshot(`
      "graph opset 21 {
        input %c: bool[]
        input %x: float32[N, 1]
        const %no: bool[] = 0
        const %minus: float32[] = -1
        %a: float32[N, 1] = Neg(%x)
        %y: float32[N, 1] = Mul(%a, %minus) @choice
        output %y
      }
      "
    `);
    expect(fired).toEqual([{ rule: 'inline-branches', place: 'choice' }]);
  });

  it('computes conditions, but nothing in branches that go', async () => {
    const graph = parse(`graph opset 21 {
      input %x: float32[1]
      const %one: int64[] = 1
      const %two: int64[] = 2
      %c = Equal(%one, %two)
      %y = If(%c) {then_branch=graph () {
        const %three: int64[] = 3
        %gone = Equal(%three, %three)
        output %gone
      }, else_branch=graph () {
        const %four: int64[] = 4
        %kept = Equal(%four, %four)
        output %kept
      }}
      %z = Not(%y)
      output %z, %x
    }`);
    const computed: string[] = [];
    const noting: NodeEvaluator = (within, node, ...rest) => {
      computed.push(node.label);
      return evaluate(within, node, ...rest);
    };
    await runPasses(graph, [inlineBranches({ evaluate: noting })], { verify: true });
    expect(computed.filter((label) => label.startsWith('Equal'))).toEqual(['Equal(c)', 'Equal(y)']);
  });

  it('copies a capture that a branch hands on', async () => {
    const { text } = await run(choice('no'));
    expect(text).toMatchInlineSnapshot(`
      "graph opset 21 {
        input %c: bool[]
        input %x: float32[N, 1]
        const %yes: bool[] = 1
        %y: float32[N, 1] = Identity(%x)
        output %y
      }
      "
    `);
  });

  it('leaves conditions that are computed', async () => {
    const { text, fired } = await run(choice('c'));
    expect(text).toContain('If(%c)');
    expect(fired).toEqual([]);
  });

  it('goes on where a branch makes another condition constant, and into branches', async () => {
    const { text } = await run(`graph opset 21 {
      input %c: bool[]
      input %x: float32[2]
      const %yes: bool[] = 1
      const %three: int64[] = 3
      %n = If(%yes) {then_branch=graph () {
        const %four: int64[] = 4
        %i = Identity(%four)
        output %i
      }, else_branch=graph (%t = %three) {
        %i = Identity(%t)
        output %i
      }}
      %same = Equal(%three, %three)
      %y = If(%same) {then_branch=graph (%c = %c, %v = %x, %yes = %yes) {
        %r = If(%c) {then_branch=graph (%v = %v, %yes = %yes) {
          %s = If(%yes) {then_branch=graph (%v = %v) {
            %abs = Abs(%v)
            output %abs
          }, else_branch=graph (%v = %v) {
            %neg = Neg(%v)
            output %neg
          }}
          output %s
        }, else_branch=graph (%v = %v) {
          %cos = Cos(%v)
          output %cos
        }}
        output %r
      }, else_branch=graph (%v = %x) {
        %sin = Sin(%v)
        output %sin
      }}
      output %y
      output %n
    }`);
    expect(text).toMatchInlineSnapshot(`
      "graph opset 21 {
        input %c: bool[]
        input %x: float32[2]
        const %yes: bool[] = 1
        const %four: int64[] = 4
        %n: int64[] = Identity(%four)
        %y: float32[2] = If(%c) {then_branch=graph(%v: float32[2] = %x, %yes: bool[] = %yes) {
          %s: float32[2] = If(%yes) {then_branch=graph(%v: float32[2] = %v) {
            %abs: float32[2] = Abs(%v)
            output %abs
          }, else_branch=graph(%v: float32[2] = %v) {
            %neg: float32[2] = Neg(%v)
            output %neg
          }}
          output %s
        }, else_branch=graph(%v: float32[2] = %x) {
          %cos: float32[2] = Cos(%v)
          output %cos
        }}
        output %y, %n
      }
      "
    `);
  });

  it('computes what the weights of a branch allow once it is taken', async () => {
    const graph = parse(`graph opset 21 {
      input %x: float32[1, 2]
      const %yes: bool[] = 1
      %y = If(%yes) {then_branch=graph (%v = %x) {
        value %w: int8[2112, 2048]
        %t = Transpose(%w)
        %z = Foo(%v, %t)
        output %z
      }, else_branch=graph (%v = %x) {
        output %v
      }}
      output %y
    }`);
    const weight = graph.nestingNodes[0]?.subgraphs[0]?.graph.value('w');
    if (weight) weight.constant = StoredTensor.of(zeros('int8', [2112, 2048]));
    inferTypes(graph);
    const transposing: NodeEvaluator = (_graph, node) =>
      Transpose.is(node) ? [zeros('int8', [2048, 2112])] : undefined;
    await runPasses(graph, [inlineBranches({ evaluate: transposing })], { verify: true });
    expect(graph.nodes.map(({ op }) => op.name)).toEqual(['Foo']);
  });

  it('leaves alone what went with a branch that was not taken', async () => {
    const { text } = await run(`graph opset 21 {
      input %x: float32[2]
      const %yes: bool[] = 1
      const %three: int64[] = 3
      %c = If(%yes) {then_branch=graph (%t = %three) {
        %e = Equal(%t, %t)
        output %e
      }, else_branch=graph (%v = %yes) {
        output %v
      }}
      %b = If(%yes) {then_branch=graph (%v = %x, %yes = %yes) {
        %i = If(%yes) {then_branch=graph (%v = %v) {
          %abs = Abs(%v)
          output %abs
        }, else_branch=graph (%v = %v) {
          %neg = Neg(%v)
          output %neg
        }}
        output %i
      }, else_branch=graph (%v = %x) {
        output %v
      }}
      %y = If(%c) {then_branch=graph (%v = %x) {
        %sin = Sin(%v)
        output %sin
      }, else_branch=graph (%v = %b) {
        output %v
      }}
      output %y
    }`);
    expect(text).toContain('= Sin(%x)');
    expect(text).not.toContain('Abs');
  });
});
