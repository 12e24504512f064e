import { inferTypes, type Pass, parse, print, runPasses } from '@octavo/core/ir';
import { describe, expect, it } from 'vitest';
import {
  type FusionOptions,
  fuseAttention,
  fuseEmbedding,
  fuseGelu,
  fuseLayerNorm,
  fuseRmsNorm,
  fuseSwish,
} from './index.js';

const LATEST = 24;

/** The nodes that a pass leaves of a graph, and why it declined. */
async function fuse(pass: Pass, body: string, opset = LATEST) {
  const graph = parse(`graph opset ${opset} {\n${body}\n}`);
  inferTypes(graph);
  // A session's graph may hold ops that its op set does not have yet, which no model may.
  const [record] = await runPasses(graph, [pass], { verify: opset === LATEST });
  const lines = print(graph)
    .split('\n')
    .filter((line) => / = [A-Z]/.test(line));
  return { nodes: lines.map((line) => line.trim()), declined: record?.declined.map(({ reason }) => reason) };
}

const ROWS = `
  input %x: float32[B, 4]
  const %two: float32[] = 2
  const %eps: float32[1] = [0.00001]
  const %gamma: float32[4] = [1, 2, 3, 4]
  const %beta: float32[1, 4] = [5, 6, 7, 8]
  const %last: int64[1] = [-1]`;

const CENTERED = `
  %m = ReduceMean(%x, %last)
  %d = Sub(%x, %m)
  %q = Pow(%d, %two)
  %v = ReduceMean(%q, %last)
  %e = Add(%v, %eps)
  %s = Sqrt(%e)`;

describe('fuse-layer-norm', () => {
  it('takes a division by the deviation, with a row to multiply and one to add', async () => {
    const text = `${ROWS}${CENTERED}\n%n = Div(%d, %s)\n%g = Mul(%n, %gamma)\n%y = Add(%beta, %g)\noutput %y`;
    expect((await fuse(fuseLayerNorm(), text)).nodes).toMatchInlineSnapshot(`
      [
        "%y: float32[B, 4] = LayerNormalization(%x, %gamma, %beta_row) {axis=-1, epsilon=0.00001}",
      ]
    `);
  });

  it('takes a product with the inverse deviation alone', async () => {
    const text = `${ROWS}${CENTERED}\n%r = Reciprocal(%s)\n%y = Mul(%r, %d)\noutput %y`;
    expect((await fuse(fuseLayerNorm(), text)).nodes).toMatchInlineSnapshot(`
      [
        "%y: float32[B, 4] = LayerNormalization(%x, %ones) {axis=-1, epsilon=0.00001}",
      ]
    `);
  });

  it('takes the spelling of TensorFlow', async () => {
    const text = `${ROWS}${CENTERED}
      %r = Reciprocal(%s)
      %k = Mul(%r, %gamma)
      %o = Mul(%m, %k)
      %t = Sub(%beta, %o)
      %p = Mul(%x, %k)
      %y = Add(%p, %t)
      output %y`;
    expect((await fuse(fuseLayerNorm(), text)).nodes).toMatchInlineSnapshot(`
      [
        "%y: float32[B, 4] = LayerNormalization(%x, %gamma, %beta_row) {axis=-1, epsilon=0.00001}",
      ]
    `);
  });

  it('leaves statistics that something else reads, and other axes', async () => {
    const text = `${ROWS}${CENTERED}\n%y = Div(%d, %s)\noutput %y, %s`;
    expect(await fuse(fuseLayerNorm(), text)).toMatchObject({ declined: ['s is read elsewhere too'] });
    const first = text.replace(
      '%m = ReduceMean(%x, %last)',
      'const %a: int64[1] = [0]\n%m = ReduceMean(%x, %a)',
    );
    expect(await fuse(fuseLayerNorm(), first)).toMatchObject({ declined: [], nodes: { length: 7 } });
  });
});

describe('fuse-rms-norm', () => {
  it('takes a division by the root mean square, with a row to multiply', async () => {
    const text = `${ROWS}
      %q = Mul(%x, %x)
      %v = ReduceMean(%q, %last)
      %e = Add(%eps, %v)
      %s = Sqrt(%e)
      %n = Div(%x, %s)
      %y = Mul(%gamma, %n)
      output %y`;
    expect((await fuse(fuseRmsNorm(), text)).nodes).toMatchInlineSnapshot(`
      [
        "%y: float32[B, 4] = RMSNormalization(%x, %gamma) {axis=-1, epsilon=0.00001}",
      ]
    `);
  });

  it('takes a mean over axes by attribute', async () => {
    const text = `${ROWS}
      %q = Mul(%x, %x)
      %v = ReduceMean(%q) {axes=[-1]}
      %e = Add(%eps, %v)
      %s = Sqrt(%e)
      %n = Div(%x, %s)
      %y = Mul(%gamma, %n)
      output %y`;
    expect((await fuse(fuseRmsNorm(), text, 17)).nodes).toEqual([
      '%y: float32[B, 4] = RMSNormalization(%x, %gamma) {axis=-1, epsilon=0.00001}',
    ]);
  });

  it('leaves other types than float32', async () => {
    const text = `
      input %x: float64[B, 4]
      const %eps: float64[1] = [0.00001]
      const %last: int64[1] = [-1]
      %q = Mul(%x, %x)
      %v = ReduceMean(%q, %last)
      %e = Add(%eps, %v)
      %s = Sqrt(%e)
      %y = Div(%x, %s)
      output %y`;
    expect((await fuse(fuseRmsNorm(), text)).declined).toEqual(['it normalizes float64']);
  });
});

const CURVE = `
  input %x: float32[B, 4]
  const %half: float32[1] = [0.5]
  const %one: float32[] = 1
  const %three: float32[] = 3
  const %six: float32[] = 6
  const %zero: float32[] = 0
  const %cubic: float32[] = 0.044715
  const %root: float32[] = 1.4142135
  const %pi: float32[] = 0.7978846`;

describe('fuse-gelu', () => {
  it.each([
    ['%a = Div(%x, %root)\n%e = Erf(%a)\n%b = Add(%e, %one)\n%c = Mul(%x, %b)\n%y = Mul(%c, %half)', 'none'],
    ['%a = Div(%x, %root)\n%e = Erf(%a)\n%b = Add(%one, %e)\n%c = Mul(%half, %x)\n%y = Mul(%c, %b)', 'none'],
    [
      '%s = Mul(%x, %x)\n%c = Mul(%s, %x)\n%d = Mul(%c, %cubic)\n%i = Add(%x, %d)\n%j = Mul(%i, %pi)\n%t = Tanh(%j)\n%h = Mul(%x, %half)\n%o = Add(%t, %one)\n%y = Mul(%h, %o)',
      'tanh',
    ],
    [
      '%s = Mul(%x, %x)\n%d = Mul(%s, %cubic)\n%i = Add(%d, %one)\n%j = Mul(%i, %x)\n%k = Mul(%j, %pi)\n%t = Tanh(%k)\n%o = Add(%t, %one)\n%h = Mul(%half, %o)\n%y = Mul(%h, %x)',
      'tanh',
    ],
    [
      '%s = Pow(%x, %three)\n%d = Mul(%s, %cubic)\n%i = Add(%d, %x)\n%k = Mul(%i, %pi)\n%t = Tanh(%k)\n%o = Add(%t, %one)\n%h = Mul(%half, %o)\n%y = Mul(%h, %x)',
      'tanh',
    ],
  ])('takes %s', async (body, approximate) => {
    const { nodes } = await fuse(fuseGelu(), `${CURVE}\n${body}\noutput %y`);
    const form = approximate === 'tanh' ? ' {approximate="tanh"}' : ' {approximate="none"}';
    expect(nodes).toEqual([`%y: float32[B, 4] = Gelu(%x)${form}`]);
  });

  it('leaves other factors, and says so', async () => {
    const body =
      '%a = Div(%x, %root)\n%e = Erf(%a)\n%b = Add(%e, %one)\n%c = Mul(%x, %b)\n%y = Mul(%c, %three)\noutput %y';
    expect((await fuse(fuseGelu(), `${CURVE}\n${body}`)).declined).toContain('its factor is 3, not 1/2');
  });
});

describe('fuse-swish', () => {
  it.each([
    ['%s = Sigmoid(%x)\n%y = Mul(%s, %x)', 'Swish(%x) {alpha=1.0}'],
    ['%t = Mul(%x, %three)\n%s = Sigmoid(%t)\n%y = Mul(%x, %s)', 'Swish(%x) {alpha=3.0}'],
    ['%s = HardSigmoid(%x) {alpha=0.16666667}\n%y = Mul(%s, %x)', 'HardSwish(%x)'],
    [
      '%a = Add(%x, %three)\n%c = Clip(%a, %zero, %six)\n%m = Mul(%x, %c)\n%y = Div(%m, %six)',
      'HardSwish(%x)',
    ],
    [
      '%a = Add(%x, %three)\n%c = Clip(%a, %zero, %six)\n%m = Div(%c, %six)\n%y = Mul(%x, %m)',
      'HardSwish(%x)',
    ],
  ])('takes %s', async (body, fused) => {
    const { nodes } = await fuse(fuseSwish(), `${CURVE}\n${body}\noutput %y`);
    expect(nodes).toEqual([`%y: float32[B, 4] = ${fused}`]);
  });

  it('takes a clip by attributes', async () => {
    const body =
      '%a = Add(%x, %three)\n%c = Clip(%a) {min=0.0, max=6.0}\n%m = Mul(%x, %c)\n%y = Div(%m, %six)';
    expect((await fuse(fuseSwish(), `${CURVE}\n${body}\noutput %y`, 10)).nodes).toEqual([
      '%y: float32[B, 4] = HardSwish(%x)',
    ]);
  });

  it('leaves a gate of something else, and another factor', async () => {
    const other = '%a = Neg(%x)\n%s = Sigmoid(%a)\n%y = Mul(%s, %x)\noutput %y';
    expect((await fuse(fuseSwish(), `${CURVE}\n${other}`)).nodes).toHaveLength(3);
    const scaled = '%s = Sigmoid(%x)\n%m = Mul(%s, %x)\n%y = Mul(%m, %three)\noutput %y';
    const { nodes, declined } = await fuse(fuseSwish(), `${CURVE}\n${scaled}`);
    expect(declined).toEqual(['its factor is 3, not 1']);
    expect(nodes).toHaveLength(2);
  });

  it('leaves what the caller finds worse', async () => {
    const options: FusionOptions = {
      accepts: (fused, parts) => `${fused.op.name} for ${parts.length} nodes`,
    };
    const body = '%s = Sigmoid(%x)\n%y = Mul(%s, %x)\noutput %y';
    const { nodes, declined } = await fuse(fuseSwish(options), `${CURVE}\n${body}`);
    expect(declined).toEqual(['Swish for 2 nodes']);
    expect(nodes).toHaveLength(2);
  });
});

const HEADS = `
  input %q: float32[1, 2, 5, 8]
  input %k: float32[1, 2, 5, 8]
  input %v: float32[1, 2, 5, 8]
  input %mask: float32[5, 5]
  const %scale: float32[] = 0.25`;

describe('fuse-attention', () => {
  it('takes scaled and masked scores', async () => {
    const text = `${HEADS}
      %t = Transpose(%k) {perm=[0, 1, 3, 2]}
      %s = MatMul(%q, %t)
      %m = Mul(%s, %scale)
      %a = Add(%m, %mask)
      %w = Softmax(%a)
      %y = MatMul(%w, %v)
      output %y`;
    expect((await fuse(fuseAttention(), text)).nodes).toMatchInlineSnapshot(`
      [
        "%y: float32[1, 2, 5, 8] = Attention(%q, %k, %v, %mask) {scale=0.25}",
      ]
    `);
  });

  it('leaves keys that are not transposed, and other axes', async () => {
    const text = `${HEADS}\ninput %t: float32[1, 2, 8, 5]\n%s = MatMul(%q, %t)\n%w = Softmax(%s)\n%y = MatMul(%w, %v)\noutput %y`;
    expect((await fuse(fuseAttention(), text)).declined).toEqual([
      'it multiplies no queries with transposed keys',
    ]);
    const rows = text.replace('Softmax(%s)', 'Softmax(%s) {axis=1}');
    expect((await fuse(fuseAttention(), rows)).declined).toEqual(['its softmax runs along axis 1']);
  });

  const PRODUCTS = `
    %t = Transpose(%k) {perm=[0, 1, 3, 2]}
    %s = MatMul(%q, %t)
    %w = Softmax(%s)
    %y = MatMul(%w, %v)
    output %y`;

  it.each([
    ['keys', '[4, 2, 5, 8]', '[1, 2, 5, 8]', '[4, 2, 5, 8]'],
    ['values', '[4, 2, 5, 8]', '[4, 2, 5, 8]', '[4, 1, 5, 8]'],
    ['queries', '[1, 2, 5, 8]', '[B, 2, 5, 8]', '[B, 2, 5, 8]'],
  ])('leaves products that repeat %s', async (_, q, k, v) => {
    const text = `input %q: float32${q}\ninput %k: float32${k}\ninput %v: float32${v}${PRODUCTS}`;
    expect((await fuse(fuseAttention(), text)).declined).toEqual(['its products may repeat a batch or head']);
  });

  it('leaves products whose batches are known only when they run', async () => {
    const text = `input %q: float32[4, 2, 5, 8]\ninput %a: float32[4, 2, 7, 8]\ninput %v: float32[4, 2, 7, 8]\ninput %n: int64[1]
      const %zero: int64[1] = [0]
      %k = Slice(%a, %zero, %n, %zero)${PRODUCTS}`;
    expect((await fuse(fuseAttention(), text)).declined).toEqual(['its products may repeat a batch or head']);
  });
});

describe('fuse-embedding', () => {
  const table = `
    input %ids: int32[B, 3, 1]
    const %range: int32[1, 1, 2] = [0, 1]
    const %table: float32[2, 2] = [1, 2, 3, 4]
    %e = Equal(%ids, %range)
    %o = Cast(%e) {to=1}
    %y = MatMul(%o, %table)
    output %y`;

  it('gathers rows instead of multiplying one-hot rows', async () => {
    expect((await fuse(fuseEmbedding(), table)).nodes).toMatchInlineSnapshot(`
      [
        "%Reshape: int32[B, 3] = Reshape(%ids, %shape)",
        "%Clip: int32[B, 3] = Clip(%Reshape, %id_bound, %id_bound_2)",
        "%y: float32[B, 3, 2] = Gather(%embedding, %Clip) {axis=0}",
      ]
    `);
  });

  it('goes through casts from float to float, and through no other', async () => {
    const cast = (to: number) =>
      table.replace('%o = Cast(%e) {to=1}', `%h = Cast(%e) {to=${to}}\n%o = Cast(%h) {to=1}`);
    expect((await fuse(fuseEmbedding(), cast(10))).nodes.at(-1)).toContain('Gather');
    expect((await fuse(fuseEmbedding(), cast(6))).nodes).toHaveLength(4);
  });

  it('leaves a comparison with other numbers than the rows', async () => {
    const { nodes, declined } = await fuse(fuseEmbedding(), table.replace('[0, 1]', '[0, 2]'));
    expect(nodes).toHaveLength(3);
    expect(declined).toEqual([]);
  });
});
