import { inferTypes, parse, print, runPasses } from '@octavo/core/ir';
import { expect, it } from 'vitest';
import { standardizeContrib, standardizeContribToRun } from './index.js';

it('turns contrib Q/DQ into that of ONNX', async () => {
  const graph = parse(`graph opset 21, com.microsoft 1 {
    input %x: float32[2, 3]
    const %s: float32[3] = [1, 2, 3]
    const %z: uint16[3] = [7, 8, 9]
    %q = com.microsoft::QuantizeLinear(%x, %s, %z) {axis=1}
    %y = com.microsoft::DequantizeLinear(%q, %s, %z) {axis=1}
    output %y
  }`);
  inferTypes(graph);
  await runPasses(graph, [standardizeContrib], { verify: true });
  expect(print(graph)).toMatchInlineSnapshot(`
    "graph opset 21, com.microsoft 1 {
      input %x: float32[2, 3]
      const %s: float32[3] = [1, 2, 3]
      const %z: uint16[3] = [7, 8, 9]
      %q: uint16[2, 3] = QuantizeLinear(%x, %s, %z) {axis=1}
      %y: float32[2, 3] = DequantizeLinear(%q, %s, %z) {axis=1}
      output %y
    }
    "
  `);
});

async function standardized(body: string, opset = 23, pass = standardizeContrib): Promise<string> {
  const graph = parse(`graph opset ${opset}, com.microsoft 1 {
    input %x: float32[2, 4]
    input %r: float32[2, 4]
    const %g: float32[4] = [1, 2, 3, 4]
    const %b: float32[4] = [5, 6, 7, 8]
    ${body}
  }`);
  inferTypes(graph);
  await runPasses(graph, [pass], { verify: pass === standardizeContrib });
  inferTypes(graph);
  return print(graph)
    .split('\n')
    .filter((line) => line.includes(' = ') && !line.includes('const'))
    .map((line) => line.trim())
    .join('\n');
}

function opsOf(text: string): string[] {
  return [...text.matchAll(/= ([\w.:]+)\(/g)].map(([, op = '']) => op);
}

it('takes apart the sums before activations and normalizations', async () => {
  expect(
    await standardized(`
    %p = com.microsoft::BiasGelu(%x, %b)
    %q = com.microsoft::FastGelu(%x, %b)
    %s = com.microsoft::FastGelu(%x)
    %n, _, _, %sum = com.microsoft::SkipLayerNormalization(%x, %r, %g, %b, %b) {epsilon=0.5}
    %m = com.microsoft::SkipSimplifiedLayerNormalization(%x, %r, %g)
    %l = SimplifiedLayerNormalization(%x, %g)
    output %p, %q, %s, %n, %sum, %m, %l`),
  ).toMatchInlineSnapshot(`
    "%Add: float32[2, 4] = Add(%x, %b)
    %p: float32[2, 4] = com.microsoft::Gelu(%Add)
    %Add_2: float32[2, 4] = Add(%x, %b)
    %q: float32[2, 4] = Gelu(%Add_2) {approximate="tanh"}
    %s: float32[2, 4] = Gelu(%x) {approximate="tanh"}
    %Add_3: float32[2, 4] = Add(%x, %r)
    %sum: float32[2, 4] = Add(%Add_3, %b)
    %n: float32[2, 4] = LayerNormalization(%sum, %g, %b) {epsilon=0.5}
    %Add_4: float32[2, 4] = Add(%x, %r)
    %m: float32[2, 4] = RMSNormalization(%Add_4, %g) {epsilon=1e-12}
    %l: float32[2, 4] = RMSNormalization(%x, %g) {axis=-1, epsilon=0.00001, stash_type=1}"
  `);
});

it('leaves sums before activations and normalizations that nothing reads', async () => {
  const text = await standardized(`
    %p = com.microsoft::BiasGelu(%x, %b)
    %q = com.microsoft::FastGelu(%x, %b)
    %n, _, _, %sum = com.microsoft::SkipLayerNormalization(%x, %r, %g)
    %m = com.microsoft::SkipSimplifiedLayerNormalization(%x, %r, %g)
    %l = SimplifiedLayerNormalization(%x, %g)
    %y = Neg(%x)
    output %y`);
  expect(opsOf(text)).toEqual([
    'com.microsoft::BiasGelu',
    'com.microsoft::FastGelu',
    'com.microsoft::SkipLayerNormalization',
    'com.microsoft::SkipSimplifiedLayerNormalization',
    'SimplifiedLayerNormalization',
    'Neg',
  ]);
});

it('names the sum as the node was of which nothing else is read', async () => {
  const text = await standardized(`
    _, _, _, %s = com.microsoft::SkipLayerNormalization(%x, %r, %g, _, %b) @skip
    _, _, _, %t = com.microsoft::SkipSimplifiedLayerNormalization(%x, %r, %g) @simple
    output %s, %t`);
  expect(text).toMatchInlineSnapshot(`
    "%Add: float32[2, 4] = Add(%x, %r)
    %s: float32[2, 4] = Add(%Add, %b) @skip
    %t: float32[2, 4] = Add(%x, %r) @simple"
  `);
});

it('keeps the mean and deviation of a normalization where they are read', async () => {
  const text = await standardized(`
    %n, %mean, %inverse = com.microsoft::SkipLayerNormalization(%x, %r, %g)
    %m, _, %scale = com.microsoft::SkipSimplifiedLayerNormalization(%x, %r, %g)
    %l, %factor = SimplifiedLayerNormalization(%x, %g)
    output %n, %mean, %inverse, %m, %scale, %l, %factor`);
  expect(text).toMatchInlineSnapshot(`
    "%m: float32[2, 4], _, %scale: float32[2, 1] = com.microsoft::SkipSimplifiedLayerNormalization(%x, %r, %g)
    %l: float32[2, 4], %factor = SimplifiedLayerNormalization(%x, %g)
    %Add: float32[2, 4] = Add(%x, %r)
    %n: float32[2, 4], %mean: float32[2, 1], %inverse: float32[2, 1] = LayerNormalization(%Add, %g) {epsilon=1e-12}"
  `);
});

it('sums halves in float32, and rounds behind all that follows', async () => {
  const text = await standardized(`
    const %half: float16[4] = [1, 2, 3, 4]
    %a = Cast(%x) {to=10}
    %n, _, _, %sum = com.microsoft::SkipLayerNormalization(%a, %a, %half)
    %p = com.microsoft::BiasGelu(%a, %half)
    output %n, %sum, %p`);
  expect(text).toMatchInlineSnapshot(`
    "%a: float16[2, 4] = Cast(%x) {to=10}
    %Cast: float32[2, 4] = Cast(%a) {to=1}
    %Cast_2: float32[2, 4] = Cast(%a) {to=1}
    %Add: float32[2, 4] = Add(%Cast, %Cast_2)
    %LayerNormalization: float32[2, 4] = LayerNormalization(%Add, %half_float32) {epsilon=1e-12}
    %sum: float16[2, 4] = Cast(%Add) {to=10}
    %n: float16[2, 4] = Cast(%LayerNormalization) {to=10}
    %Cast_4: float32[2, 4] = Cast(%a) {to=1}
    %Add_2: float32[2, 4] = Add(%Cast_4, %half_float32)
    %Gelu: float32[2, 4] = com.microsoft::Gelu(%Add_2)
    %p: float16[2, 4] = Cast(%Gelu) {to=10}"
  `);
});

it('widens what a run may feed at run time, though it has a default', async () => {
  const text = await standardized(`
    input %half: float16[4] = [1, 2, 3, 4]
    %a = Cast(%x) {to=10}
    %p = com.microsoft::BiasGelu(%a, %half)
    output %p`);
  expect(text).toContain('%Cast_2: float32[4] = Cast(%half) {to=1}\n');
  expect(text).toContain('Add(%Cast, %Cast_2)');
});

it('widens a constant once for all nodes that read it', async () => {
  const graph = parse(`graph opset 23, com.microsoft 1 {
    input %a: float16[2, 4]
    const %g: float16[4] = [1, 2, 3, 4]
    const %g_float32: float32[4] = [5, 6, 7, 8]
    const %b: float16[4] = [1, 2, 3, 4]
    %p = com.microsoft::BiasGelu(%a, %b)
    %q = com.microsoft::FastGelu(%a, %g)
    %n = com.microsoft::SkipLayerNormalization(%p, %q, %g, %b)
    %w = Cast(%n) {to=1}
    %y = Add(%w, %g_float32)
    output %y
  }`);
  inferTypes(graph);
  await runPasses(graph, [standardizeContrib], { verify: true });
  expect(graph.initializers.map(({ name, dtype }) => [name, dtype])).toEqual([
    ['g_float32', 'float32'],
    ['b_float32', 'float32'],
    ['g_float32_2', 'float32'],
  ]);
});

it.each([
  ['output %sum', ['Cast', 'Cast', 'Add', 'Cast']],
  ['output %mean', ['Cast', 'Cast', 'Add', 'LayerNormalization']],
  ['output %mean, %sum', ['Cast', 'Cast', 'Add', 'LayerNormalization', 'Cast']],
  ['output %total', ['Cast', 'Cast', 'Add', 'Cast']],
])('computes of a normalization of halves only what is read: %s', async (outputs, ops) => {
  const graph = parse(`graph opset 23, com.microsoft 1 {
    input %a: float16[2, 4]
    input %b: float16[2, 4]
    const %g: float16[4] = [1, 2, 3, 4]
    %n, %mean, _, %sum = com.microsoft::SkipLayerNormalization(%a, %b, %g)
    %m, _, _, %total = com.microsoft::SkipSimplifiedLayerNormalization(%a, %b, %g)
    ${outputs}
  }`);
  inferTypes(graph);
  await runPasses(graph, [standardizeContrib], { verify: true });
  const read = graph.nodes.filter((node) => node.outputs.some((value) => value && graph.isUsed(value)));
  expect(read.map(({ op }) => op.name)).toEqual(ops);
  expect(graph.nodes.filter((node) => !read.includes(node)).map(({ op }) => op.domain)).toEqual([
    'com.microsoft',
  ]);
});

const NORMALIZED = `
  %q = com.microsoft::FastGelu(%x)
  %n = com.microsoft::SkipLayerNormalization(%x, %r, %g)
  %l = SimplifiedLayerNormalization(%x, %g)
  output %q, %n, %l`;

it.each([
  [16, ['com.microsoft::FastGelu', 'com.microsoft::SkipLayerNormalization', 'SimplifiedLayerNormalization']],
  [17, ['com.microsoft::FastGelu', 'SimplifiedLayerNormalization', 'Add', 'LayerNormalization']],
  [20, ['SimplifiedLayerNormalization', 'Gelu', 'Add', 'LayerNormalization']],
  [23, ['Gelu', 'Add', 'LayerNormalization', 'RMSNormalization']],
])('leaves what ONNX does not have in opset %i, but for running', async (opset, ops) => {
  expect(opsOf(await standardized(NORMALIZED, opset))).toEqual(ops);
  expect(opsOf(await standardized(NORMALIZED, opset, standardizeContribToRun))).toEqual([
    'Gelu',
    'Add',
    'LayerNormalization',
    'RMSNormalization',
  ]);
});

it.each([
  [20, 'uint16', 'const %s: float32[3] = [1, 2, 3]', 'const %z: uint16[3] = [7, 8, 9]'],
  [12, 'uint8', 'const %s: float32[3] = [1, 2, 3]', 'const %z: uint8[3] = [7, 8, 9]'],
  [18, 'uint8', 'const %s: float16[] = [1]', 'const %z: uint8[] = [7]'],
])('leaves Q/DQ that opset %i does not have, but for running', async (opset, storage, scale, zero) => {
  const graph = () =>
    parse(`graph opset ${opset}, com.microsoft 1 {
      input %q: ${storage}[2, 3]
      ${scale}
      ${zero}
      %x = com.microsoft::DequantizeLinear(%q, %s, %z)
      %y = com.microsoft::QuantizeLinear(%x, %s, %z)
      output %y
    }`);
  const opsAfter = async (pass: typeof standardizeContrib) => {
    const each = graph();
    inferTypes(each);
    const [record] = await runPasses(each, [pass]);
    return {
      pass: record?.pass,
      ops: each.nodes.map(({ op }) => op.domain),
      declined: record?.declined.length,
    };
  };
  expect(await opsAfter(standardizeContrib)).toEqual({
    pass: 'standardize-contrib',
    ops: ['com.microsoft', 'com.microsoft'],
    declined: 2,
  });
  expect(await opsAfter(standardizeContribToRun)).toEqual({
    pass: 'standardize-contrib-to-run',
    ops: ['', ''],
    declined: 0,
  });
});

it.each([
  [10, 'uint8', '', ''],
  [13, 'int8', '3', 'axis=-1'],
  [19, 'float8e4m3fn', '', ''],
  [19, 'float8e5m2fnuz', '', ''],
  [21, 'int16', '', ''],
  [21, 'uint4', '', ''],
  [21, 'uint8', '2, 1', 'axis=1, block_size=3'],
  [23, 'float4e2m1', '', ''],
  [25, 'int2', '', ''],
])('needs opset %i for %s with scales [%s]', async (since, storage, scales, attributes) => {
  const opsAfter = async (opset: number) => {
    const graph = parse(`graph opset ${opset}, com.microsoft 1 {
      input %x: float32[2, 3]
      input %s: float32[${scales}]
      input %z: ${storage}[${scales}]
      %q = com.microsoft::QuantizeLinear(%x, %s, %z) {${attributes}}
      %y = com.microsoft::DequantizeLinear(%q, %s, %z) {${attributes}}
      output %y
    }`);
    inferTypes(graph);
    await runPasses(graph, [standardizeContrib], { verify: true });
    return graph.nodes.map(({ op, attributes: given }) => [op.domain, [...given.keys()]]);
  };
  const given = attributes.match(/\w+(?==)/g) ?? [];
  expect(await opsAfter(since - 1)).toEqual([0, 1].map(() => ['com.microsoft', given]));
  expect(await opsAfter(since)).toEqual([0, 1].map(() => ['', given]));
});
