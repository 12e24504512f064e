import { createModel, type Model, type ModelFunction, parse, print, verify } from '@octavo/core/ir';
import { describe, expect, it } from 'vitest';
import { inlineFunctions } from './index.js';

function functionOf(
  name: string,
  text: string,
  defaults: ModelFunction['defaults'] = new Map(),
): ModelFunction {
  return { domain: 'local', name, overload: '', attributes: [], defaults, graph: parse(text), docString: '' };
}

function modelOf(text: string, ...functions: ModelFunction[]): Model {
  return { ...createModel(parse(text)), functions };
}

const LEAKY = functionOf(
  'Leaky',
  `graph opset 21 {
    input %a
    input %bias
    %l = LeakyRelu(%a) {alpha=ref(slope, 1)} @leaky
    %s = Add(%l, %bias)
    output %s
  }`,
  new Map([['slope', { kind: 'float' as const, value: 0.5 }]]),
);

describe('inline-functions', () => {
  it('puts bodies in the place of calls, with the attributes of the caller or the defaults', () => {
    const model = modelOf(
      `graph opset 21, local 1 {
        input %x: float32[2]
        const %b: float32[2] = [1, 2]
        %m = local::Leaky(%x, %b) {slope=0.25} @first
        %y: float32[2] = local::Leaky(%m, %b)
        output %y
      }`,
      LEAKY,
    );
    expect(inlineFunctions(model)).toBe(true);
    verify(model.graph);
    expect(print(model.graph)).toMatchInlineSnapshot(`
      "graph opset 21 {
        input %x: float32[2]
        const %b: float32[2] = [1, 2]
        %first/l = LeakyRelu(%x) {alpha=0.25} @first/leaky
        %m = Add(%first/l, %b) @first
        %Leaky/l = LeakyRelu(%m) {alpha=0.5} @leaky
        %y: float32[2] = Add(%Leaky/l, %b)
        output %y
      }
      "
    `);
    expect(model.functions).toEqual([]);
  });

  it('refuses calls that double level by level before they fill the memory', () => {
    const level = (name: string, inner: string) =>
      functionOf(
        name,
        `graph opset 21, local 1 {
          input %a
          %b = ${inner}(%a)
          %c = ${inner}(%b)
          output %c
        }`,
      );
    const levels = Array.from({ length: 30 }, (_, i) =>
      level(`F${i}`, i === 29 ? 'Relu' : `local::F${i + 1}`),
    );
    const model = modelOf(
      'graph opset 21, local 1 { input %x: float32[2] %y = local::F0(%x) output %y }',
      ...levels,
    );
    expect(() => inlineFunctions(model)).toThrowError(expect.objectContaining({ code: 'FUNCTION_SIZE' }));
  });

  it('inlines calls within functions and within subgraphs', () => {
    const twice = functionOf(
      'Twice',
      `graph opset 21, local 1 {
        input %a
        input %b
        %c = local::Leaky(%a, %b)
        %d = local::Leaky(%c, %b)
        output %d
      }`,
    );
    const model = modelOf(
      `graph opset 21, local 1 {
        input %c: bool[]
        input %x: float32[2]
        %y = If(%c) {else_branch=graph (%i = %x) {
          %r = local::Twice(%i, %i)
          output %r
        }, then_branch=graph (%i = %x) {
          output %i
        }}
        output %y
      }`,
      LEAKY,
      twice,
    );
    inlineFunctions(model);
    verify(model.graph);
    expect(print(model.graph)).not.toContain('local::');
    expect(print(model.graph).match(/LeakyRelu/g)).toHaveLength(2);
  });

  it('binds attributes inside the subgraphs of a function', () => {
    const branchy = functionOf(
      'Branchy',
      `graph opset 21 {
        input %c
        input %a
        %r = If(%c) {else_branch=graph (%i = %a) {
          %e = LeakyRelu(%i) {alpha=ref(slope, 1)}
          output %e
        }, then_branch=graph (%i = %a) {
          output %i
        }}
        output %r
      }`,
    );
    const model = modelOf(
      'graph opset 21, local 1 { input %c: bool[]\ninput %x: float32[2]\n%y = local::Branchy(%c, %x) {slope=0.125}\noutput %y }',
      branchy,
    );
    inlineFunctions(model);
    verify(model.graph);
    expect(print(model.graph)).toContain('LeakyRelu(%i) {alpha=0.125}');
  });

  it('keeps the name of an output when a function returns its input, and leaves out missing inputs', () => {
    const same = functionOf(
      'Same',
      'graph opset 21 { input %a\ninput %b\n%c = Clip(%a, %b)\noutput %a, %c }',
    );
    const model = modelOf(
      'graph opset 21, local 1 { input %x: float32[2]\n%y, %z = local::Same(%x)\noutput %y, %z }',
      same,
    );
    inlineFunctions(model);
    verify(model.graph);
    expect(print(model.graph)).toContain('%y = Identity(%x)');
    expect(print(model.graph)).toContain('%z = Clip(%x, _)');
  });

  it('refuses recursion', () => {
    const loop = functionOf('Loop', 'graph opset 21, local 1 { input %a\n%b = local::Loop(%a)\noutput %b }');
    const model = modelOf(
      'graph opset 21, local 1 { input %x: float32[2]\n%y = local::Loop(%x)\noutput %y }',
      loop,
    );
    expect(() => inlineFunctions(model)).toThrow('the local function Loop calls itself');
  });

  it('refuses a body whose ops mean something else in the graph', () => {
    const old = functionOf('Old', 'graph opset 11 { input %a\n%b = Softmax(%a)\noutput %b }');
    const model = modelOf(
      'graph opset 21, local 1 { input %x: float32[2]\n%y = local::Old(%x)\noutput %y }',
      old,
    );
    expect(() => inlineFunctions(model)).toThrow(/Softmax means something else in opset 21/);
  });
});
