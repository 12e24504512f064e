import { Add, ConstantOfShape, inferTypes, parse, print, runPasses } from '@octavo/core/ir';
import { float32, TensorError, toNumbers, zeros } from '@octavo/core/tensor';
import { describe, expect, it, vi } from 'vitest';
import {
  eliminateDeadNodes,
  type FoldConstantsOptions,
  FoldingWork,
  foldConstants,
  liftConstants,
  type NodeEvaluator,
} from './index.js';

/** Computes Add of float vectors and ConstantOfShape. */
const evaluate: NodeEvaluator = (_graph, node, [a, b]) => {
  if (Add.is(node) && a && b)
    return [float32(toNumbers(a).map((value, i) => value + (toNumbers(b)[i] ?? 0)))];
  return ConstantOfShape.is(node) && a ? [zeros('float32', [...toNumbers(a)])] : undefined;
};

async function fold(text: string, options: Partial<FoldConstantsOptions> = {}) {
  const graph = parse(text);
  inferTypes(graph);
  const [record] = await runPasses(graph, [foldConstants({ evaluate, ...options })], { verify: true });
  return { text: print(graph), declined: record?.declined.map((each) => each.reason) ?? [] };
}

describe('fold-constants', () => {
  it('computes chains of constants once and keeps the names', async () => {
    const { text } = await fold(`graph opset 21 {
      input %x: float32[2]
      const %a: float32[2] = [1, 2]
      %b = Constant() {value=float32[2] [10, 20]}
      %c = Add(%a, %b)
      %d = Add(%c, %c)
      %y = Add(%x, %d)
      output %y
    }`);
    expect(text).toMatchInlineSnapshot(`
      "graph opset 21 {
        input %x: float32[2]
        const %d: float32[2] = [22, 44]
        %y: float32[2] = Add(%x, %d)
        output %y
      }
      "
    `);
  });

  it('takes over what type inference followed from shapes, without evaluating', async () => {
    const { text } = await fold(`graph opset 21 {
      input %x: float32[N, 3, 8]
      const %two: int64[] = 2
      const %zero: int64[1] = [0]
      const %rest: int64[1] = [-1]
      %s = Shape(%x)
      %g = Gather(%s, %two)
      %m = Mul(%g, %two)
      %u = Unsqueeze(%m, %zero)
      %c = Concat(%rest, %u) {axis=0}
      %n = Gather(%s, %zero)
      %y = Foo(%c, %n)
      output %y
    }`);
    expect(text).toContain('const %c: int64[2] = [-1, 16]');
    expect(text).toContain('Gather(%s, %zero)');
  });

  it.each(['Div(%largest, %many)', 'Sub(%largest, %largest)', 'Cast(%odd) {to=1}'])(
    'leaves what numbers may round to the evaluator: %s',
    async (computed) => {
      const { text } = await fold(`graph opset 21 {
      const %largest: int64[1] = [9223372036854775807]
      const %many: int64[1] = [2048]
      const %odd: int64[1] = [16777217]
      %a = ${computed}
      %b = Cast(%a) {to=7}
      %c = Concat(%b, %many) {axis=0}
      %y = Foo(%c)
      output %y
    }`);
      expect(text).toContain('= Concat(%b, %many)');
    },
  );

  it.each([
    ['Max(%two, %one, %seven)', '7'],
    ['Min(%two, %one, %seven)', '1'],
    ['Max(%two)', '2'],
    ['Cast(%truth) {to=7}', '1'],
  ])('follows %s', async (rule, expected) => {
    const { text } = await fold(`graph opset 21 {
      const %one: int64[1] = [1]
      const %two: int64[1] = [2]
      const %seven: int64[1] = [7]
      const %minus: int64[1] = [-1]
      %truth = Cast(%minus) {to=9}
      %a = ${rule}
      %y = Foo(%a)
      output %y
    }`);
    expect(text).toContain(`const %a: int64[1] = [${expected}]`);
  });

  it.each([
    ['float16', 10, 51],
    ['float32', 1, 4102],
    ['int32', 6, 65536],
  ])('leaves what %s rounds or wraps in between to the evaluator', async (_, to, factor) => {
    const { text } = await fold(`graph opset 21 {
      const %i: int64[1] = [${factor}]
      %f = Cast(%i) {to=${to}}
      %m = Mul(%f, %f)
      %d = Div(%m, %f)
      %a = Cast(%d) {to=7}
      %c = Concat(%a, %i) {axis=0}
      %y = Foo(%c)
      output %y
    }`);
    expect(text).toContain('= Concat(%a, %i)');
  });

  it('knows Shape and Size of values with known dimensions, without evaluating', async () => {
    const { text } = await fold(`graph opset 21 {
      input %x: float32[2, 3, N]
      input %z: float32[2, 3]
      %a = Shape(%z)
      %b = Size(%z)
      %c = Shape(%x)
      %y = Foo(%a, %b, %c)
      output %y
    }`);
    expect(text).toContain('const %a: int64[2] = [2, 3]');
    expect(text).toContain('const %b: int64[] = 6');
    expect(text).toContain('%c: int64[3] = Shape(%x)');
  });

  it.each([
    ['%q: float32[2] = DequantizeLinear(%i, %s)', 'DequantizeLinear', undefined],
    ['%q = RandomNormal() {shape=[2]}', 'RandomNormal', undefined],
    ['%q = Neg(%w)', 'Neg', 'no backend computes it'],
    ['%q = ConstantOfShape(%big)', 'ConstantOfShape', 'its result is much larger than its inputs'],
    ['%q = Add(%w, %w)\noutput %q', 'Add(%w, %w)', 'it gives an output of the graph'],
  ])('leaves %s', async (node, kept, reason) => {
    const { text, declined } = await fold(`graph opset 21 {
      input %x: float32[]
      const %i: int8[2] = [1, 2]
      const %s: float32[] = 0.5
      const %w: float32[2] = [1, 2]
      const %big: int64[1] = [1000000]
      ${node}
      %y = Add(%x, %q)
      output %y
    }`);
    expect(text).toContain(kept);
    expect(declined).toEqual(reason ? [reason] : []);
  });

  it('leaves nodes whose inputs do not fit to the runs that need them, and counts the try', async () => {
    const misfit = new TensorError({ code: 'TENSOR_DATA', message: 'these do not fit.' });
    const work = new FoldingWork();
    const spent = vi.spyOn(work, 'spend');
    const refusing: NodeEvaluator = () => Promise.reject(misfit);
    const { text, declined } = await fold(
      'graph opset 21 { input %x: float32[2]\nconst %a: float32[2] = [1, 2]\n%c = Neg(%a)\n%y = Add(%x, %c)\noutput %y }',
      { evaluate: refusing, work },
    );
    expect(text).toContain('%c: float32[2] = Neg(%a)');
    expect(declined).toEqual(['computing it fails: these do not fit.']);
    expect(spent).toHaveBeenCalledOnce();
  });

  it('takes a larger limit', async () => {
    const { text } = await fold(
      'graph opset 21 { input %x: float32[]\nconst %n: int64[1] = [3]\n%c = ConstantOfShape(%n)\n%y = Add(%x, %c)\noutput %y }',
      { maxBytes: 12 },
    );
    expect(text).toContain('const %c: float32[3] = [0, 0, 0]');
  });
});

describe('lift-constants', () => {
  it('turns every dense form of Constant into an initializer of the same name', async () => {
    const graph = parse(`graph opset 21 {
      %a = Constant() {value=int8[1] [7]}
      %b = Constant() {value_float=0.5}
      %c = Constant() {value_ints=[1, 2]}
      %d = Constant() {value_string="hi"}
      %e = Constant() {value_int=3}
      %y = Foo(%a, %b, %c, %d, %e)
      output %y, %e
    }`);
    const [record] = await runPasses(graph, [liftConstants], { verify: true });
    expect(print(graph)).toMatchInlineSnapshot(`
      "graph opset 21 {
        const %a: int8[1] = [7]
        const %b: float32[] = 0.5
        const %c: int64[2] = [1, 2]
        const %d: string[] = "hi"
        %e = Constant() {value_int=3}
        %y = Foo(%a, %b, %c, %d, %e)
        output %y, %e
      }
      "
    `);
    expect(record?.declined.map((each) => each.reason)).toEqual(['it is an output of the graph']);
  });
});

describe('eliminate-dead-nodes', () => {
  it('removes what leads nowhere and keeps inputs', async () => {
    const graph = parse(`graph opset 21 {
      input %x: float32[2]
      input %unused: float32[2]
      const %w: float32[2] = [1, 2]
      const %lonely: float32[1] = [1]
      %a = Add(%x, %w)
      %b = Relu(%a)
      %y = Neg(%x)
      output %y
    }`);
    await runPasses(graph, [eliminateDeadNodes], { verify: true });
    expect(print(graph)).toMatchInlineSnapshot(`
      "graph opset 21 {
        input %x: float32[2]
        input %unused: float32[2]
        %y = Neg(%x)
        output %y
      }
      "
    `);
  });

  it('folds small nodes after one that takes too much work', async () => {
    // 64 MB are more than a graph of a few bytes allows.
    const { text, declined } = await fold(
      `graph opset 21 {
        input %x: float32[2]
        const %n: int64[1] = [16000000]
        const %a: float32[2] = [1, 2]
        %large = ConstantOfShape(%n)
        %z = Foo(%large)
        %c = Add(%a, %a)
        %y = Add(%x, %c)
        output %y
        output %z
      }`,
      { maxBytes: 2 ** 30 },
    );
    expect(declined).toEqual(['it takes too much work']);
    expect(text).toContain('const %c: float32[2] = [2, 4]');
  });

  it('counts nothing for nodes that no backend computes', async () => {
    const pass = foldConstants({ evaluate, maxBytes: 2 ** 30 });
    const graph = parse(`graph opset 21 {
      input %x: float32[2]
      const %n: int64[2] = [2000, 1000]
      const %a: float32[2] = [1, 2]
      const %one: float32[1] = [1]
      %ones = Expand(%one, %n)
      %z = Foo(%ones)
      %y = Add(%x, %a)
      output %y
      output %z
    }`);
    const reasons: string[] = [];
    for (let run = 0; run < 6; run++) {
      const [record] = await runPasses(graph, [pass]);
      reasons.push(...(record?.declined ?? []).map(({ reason }) => reason));
    }
    expect(reasons).toEqual(Array.from({ length: 6 }, () => 'no backend computes it'));
  });
});
