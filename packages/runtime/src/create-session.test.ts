import { type Backend, defineBackend, defineKernel, SUPPORTED, unsupported } from '@octavo/backend';
import { createModel, inferTypes, MatMul, type Model, parse, Relu } from '@octavo/core/ir';
import { float32, type Tensor, toNumbers } from '@octavo/core/tensor';
import { reference } from '@octavo/reference';
import { describe, expect, it } from 'vitest';
import { createSession } from './create-session.js';

function modelOf(text: string): Model {
  const graph = parse(`graph opset 21 {\n${text}\n}`);
  inferTypes(graph);
  return createModel(graph);
}

const LAYERS = `
  input %x: float32[N, 2]
  const %w: float32[2, 2] = [1, -1, 2, -2]
  %h = MatMul(%x, %w) @product
  %r = Relu(%h) @clamp
  %y = Softmax(%r) @scores
  output %y`;

/** A backend for Relu that counts what it runs and frees. */
function relus() {
  const count = { run: 0, disposed: 0 };
  const relu = defineKernel(Relu, {
    supports: (node) => (node.inputs[0]?.shape?.length === 2 ? SUPPORTED : unsupported('matrices only')),
    prepare: () => ({
      name: 'max',
      run: ([x]) => {
        count.run++;
        return [float32(x ? toNumbers(x).map((value) => Math.max(0, value)) : [], x?.shape)];
      },
      dispose: () => {
        count.disposed++;
      },
    }),
  });
  return { backend: defineBackend({ id: 'relus', kernels: [relu] }), count };
}

/** A backend that computes elsewhere: its executables have no `runSync`. */
function remote(inner: Backend): Backend {
  return {
    id: 'remote',
    supports: (node, context) => inner.supports(node, context),
    compile: async (subgraph) => {
      const executable = await inner.compile(subgraph);
      return {
        plan: executable.plan,
        run: async (inputs, tap) => executable.run(inputs, tap),
        [Symbol.dispose]: () => executable[Symbol.dispose](),
      };
    },
    [Symbol.dispose]: () => inner[Symbol.dispose](),
  };
}

const X = float32([1, 2, -3, 1], [2, 2]);

function numbers(tensors: Readonly<Record<string, Tensor>>) {
  return Object.fromEntries(
    Object.entries(tensors).map(([name, tensor]) => [name, Array.from(toNumbers(tensor))]),
  );
}

describe('sizes of dimensions among the options', () => {
  it.each([
    ['float32[batch, steps, 4]', 'there are batch, steps.'],
    ['float32[2]', 'all have numbers.'],
  ])('belong to a dimension of an input: %s', async (type, known) => {
    const model = createModel(parse(`graph opset 21 { input %x: ${type}\n%y = Relu(%x)\noutput %y }`));
    await expect(createSession(model, { backends: [reference()], dims: { bacth: 2 } })).rejects.toMatchObject(
      {
        code: 'SESSION_OPTION',
        message: expect.stringContaining(`no input has a dimension bacth; ${known}`),
      },
    );
  });

  it('are checked before the model is', async () => {
    const text = `graph opset 21 {
      input %x: float32[N, 3]
      const %w: float32[2, 1] = [1, 2]
      %y = MatMul(%x, %w)
      output %y
    }`;
    const create = (dims: Record<string, number>) =>
      createSession(createModel(parse(text)), { backends: [reference()], dims });
    await expect(create({ N: 2 })).rejects.toMatchObject({ code: 'INFER_TYPES' });
    await expect(create({ M: 2 })).rejects.toMatchObject({ code: 'SESSION_OPTION' });
  });
});

describe('numbers among the options', () => {
  it.each([
    ['threads', -1],
    ['threads', Number.NaN],
    ['threads', 1.5],
    ['maxPlans', 0],
    ['maxTensorBytes', 0],
  ])('%s is not %d', async (option, count) => {
    const opening = createSession(modelOf(LAYERS), { backends: [reference()], [option]: count });
    await expect(opening).rejects.toMatchObject({
      code: 'SESSION_OPTION',
      where: `option ${option}`,
      fault: `expected a whole number above 0, found ${count}.`,
    });
  });
});

describe('a session', () => {
  it('runs on several backends with the results of one', async () => {
    const { backend, count } = relus();
    using mixed = await createSession(modelOf(LAYERS), { backends: [backend, reference()] });
    using plain = await createSession(modelOf(LAYERS), { backends: [reference()] });
    expect(numbers(await mixed.run({ x: X }))).toEqual(numbers(await plain.run({ x: X })));
    expect(numbers(mixed.runSync({ x: X }))).toEqual(numbers(plain.runSync({ x: X })));
    expect(count.run).toBe(2);
  });

  it('has ports with symbolic dimensions and takes batches of any size', async () => {
    using session = await createSession(modelOf(LAYERS), { backends: [reference()] });
    expect(session.inputs).toEqual([{ name: 'x', dtype: 'float32', shape: ['N', 2] }]);
    expect(session.outputs).toEqual([{ name: 'y', dtype: 'float32', shape: ['N', 2] }]);
    expect((await session.run({ x: float32([1, 2], [1, 2]) }))['y']?.shape).toEqual([1, 2]);
    expect((await session.run({ x: X }))['y']?.shape).toEqual([2, 2]);
  });

  it('explains which backend and kernel runs each node, and who declined', async () => {
    const { backend } = relus();
    using session = await createSession(modelOf(LAYERS), { backends: [backend, reference()] });
    expect(session.explain().toString()).toMatchInlineSnapshot(`
      "product  MatMul   float32  reference  reference  (relus declined: no MatMul kernel)
      clamp    Relu     float32  relus      max
      scores   Softmax  float32  reference  reference  (relus declined: no Softmax kernel)"
    `);
    expect(session.explain().nodes.map(({ kernel }) => kernel)).toEqual(['reference', 'max', 'reference']);
  });

  it('reports taps in the order of computation, inputs and boundary values included', async () => {
    const { backend } = relus();
    using session = await createSession(modelOf(LAYERS), {
      backends: [backend, reference()],
      taps: ['y', 'r', 'h', 'x'],
    });
    const seen: [string, number[]][] = [];
    const outputs = await session.run(
      { x: X },
      { onTap: (name, tensor) => seen.push([name, Array.from(toNumbers(tensor))]) },
    );
    expect(seen.map(([name]) => name)).toEqual(['x', 'h', 'r', 'y']);
    expect(Object.fromEntries(seen)).toMatchObject({ h: [5, -5, -1, 1], r: [5, 0, 0, 1] });
    expect(Object.keys(outputs)).toEqual(['y']);
  });

  it('keeps values alive that only a tap reads', async () => {
    const model = modelOf(`
      input %x: float32[2]
      const %two: float32[2] = [2, 2]
      %unused = Mul(%x, %two)
      %y = Relu(%x)
      output %y`);
    using session = await createSession(model, { backends: [reference()], taps: ['unused'] });
    const seen = new Map<string, Tensor>();
    session.runSync({ x: float32([1, -1]) }, { onTap: (name, tensor) => seen.set(name, tensor) });
    expect(Array.from(toNumbers(seen.get('unused') ?? float32([])))).toEqual([2, -2]);
  });

  it('refuses a tap that names no value', async () => {
    await expect(
      createSession(modelOf(LAYERS), { backends: [reference()], taps: ['nothing'] }),
    ).rejects.toMatchObject({ code: 'TAP_UNKNOWN', where: 'value nothing' });
  });

  it('refuses a model with an op that no backend runs', async () => {
    const { backend } = relus();
    await expect(createSession(modelOf(LAYERS), { backends: [backend] })).rejects.toMatchObject({
      code: 'OP_UNSUPPORTED',
      message: expect.stringMatching(/MatMul \(first at product; relus: no MatMul kernel\)/),
    });
  });

  it('leaves the model as it was', async () => {
    const model = modelOf(LAYERS);
    const before = model.graph.nodes.map((node) => node.name);
    using session = await createSession(model, { backends: [reference()], taps: ['h'] });
    await session.run({ x: X });
    expect(model.graph.nodes.map((node) => node.name)).toEqual(before);
    expect(model.graph.outputs.map(({ name }) => name)).toEqual(['y']);
  });

  it('gives outputs that are constants or inputs', async () => {
    const model = modelOf(`
      input %x: float32[2]
      const %c: float32[3] = [1, 2, 3]
      %folded = Neg(%c)
      %y = Relu(%x)
      output %c, %folded, %x, %y`);
    using session = await createSession(model, { backends: [reference()] });
    const found = numbers(await session.run({ x: float32([-1, 4]) }));
    expect(found).toEqual({ c: [1, 2, 3], folded: [-1, -2, -3], x: [-1, 4], y: [0, 4] });
  });

  it('computes what depends on constants only when it is made', async () => {
    const model = modelOf(`
      input %x: float32[2]
      const %c: float32[2] = [1, 2]
      %n = Neg(%c)
      %e = Exp(%n)
      %y = Mul(%x, %e)
      output %y`);
    using session = await createSession(model, { backends: [reference()] });
    expect(session.explain().nodes.map(({ op }) => op)).toEqual(['Mul']);
    expect(session.explain().toString()).toContain('fold-constants: changed');
    const found = numbers(session.runSync({ x: float32([1, 10]) }))['y'] ?? [];
    expect(found.map((value) => value.toFixed(4))).toEqual(['0.3679', '1.3534']);
  });

  it('checks feeds before anything runs', async () => {
    const { backend, count } = relus();
    using session = await createSession(modelOf(LAYERS), { backends: [backend, reference()] });
    await expect(session.run({ x: float32([1, 2]) })).rejects.toMatchObject({ code: 'FEED_SHAPE' });
    expect(() => session.runSync({})).toThrow(expect.objectContaining({ code: 'FEED_MISSING' }));
    expect(count.run).toBe(0);
  });

  it('refuses runSync where a backend is asynchronous, and runs it with run', async () => {
    const backend = remote(relus().backend);
    using session = await createSession(modelOf(LAYERS), {
      backends: [backend, reference()],
      dims: { N: 2 },
    });
    expect(() => session.runSync({ x: X })).toThrow(
      expect.objectContaining({ code: 'SESSION_ASYNC', fault: 'backend remote runs asynchronously only.' }),
    );
    expect(Object.keys(await session.run({ x: X }))).toEqual(['y']);
  });

  it('stops at an abort signal before it starts and between backends', async () => {
    const { backend, count } = relus();
    using session = await createSession(modelOf(LAYERS), { backends: [backend, reference()], taps: ['h'] });
    const reason = new Error('enough');
    await expect(session.run({ x: X }, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    const controller = new AbortController();
    const stop = () => controller.abort(reason);
    await expect(session.run({ x: X }, { signal: controller.signal, onTap: stop })).rejects.toBe(reason);
    expect(count.run).toBe(0);
  });

  it('frees its kernels once, however often it is disposed, and refuses to run afterwards', async () => {
    const { backend, count } = relus();
    const session = await createSession(modelOf(LAYERS), { backends: [backend, reference()] });
    session.dispose();
    session.dispose();
    session[Symbol.dispose]();
    expect(count.disposed).toBe(1);
    await expect(session.run({ x: X })).rejects.toMatchObject({ code: 'SESSION_DISPOSED' });
    expect(() => session.runSync({ x: X })).toThrow(expect.objectContaining({ code: 'SESSION_DISPOSED' }));
  });

  it('frees what it compiled when a later backend fails to compile', async () => {
    const { backend, count } = relus();
    const failing: Backend = {
      ...remote(reference()),
      compile: () => Promise.reject(new RangeError('no memory for the weights')),
    };
    const products: Backend = {
      ...remote(reference()),
      supports: (node, context) =>
        node.op.name === 'MatMul' ? reference().supports(node, context) : unsupported('products only'),
    };
    const backends = [products, backend, failing];
    await expect(createSession(modelOf(LAYERS), { backends })).rejects.toThrow('no memory for the weights');
    expect(count.disposed).toBe(1);
  });

  it('names the node in which a kernel fails', async () => {
    using session = await createSession(
      modelOf(`
        input %x: float32[?]
        const %s: int64[1] = [3]
        %y = Reshape(%x, %s) @shaped
        output %y`),
      { backends: [reference()] },
    );
    await expect(session.run({ x: float32([1, 2]) })).rejects.toMatchObject({
      where: 'node shaped (Reshape)',
    });
  });

  it('lets several runs overlap', async () => {
    using session = await createSession(modelOf(LAYERS), { backends: [remote(reference())] });
    const feeds = [1, 2, 3].map((value) => ({ x: float32([value, 0], [1, 2]) }));
    const together = await Promise.all(feeds.map((each) => session.run(each)));
    const alone: Readonly<Record<string, Tensor>>[] = [];
    for (const each of feeds) alone.push(await session.run(each));
    expect(together.map(numbers)).toEqual(alone.map(numbers));
  });

  it('runs Q/DQ models in integers', async () => {
    using session = await createSession(
      modelOf(`
        input %x: float32[1, 2]
        const %s: float32[] = 0.5
        const %z: uint8[] = 3
        const %w: int8[2, 2] = [1, -1, 2, -2]
        const %zw: int8[] = 0
        %xq = QuantizeLinear(%x, %s, %z)
        %xd = DequantizeLinear(%xq, %s, %z)
        %wd = DequantizeLinear(%w, %s, %zw)
        %h = MatMul(%xd, %wd) @product
        %hq = QuantizeLinear(%h, %s, %z)
        %y = DequantizeLinear(%hq, %s, %z)
        output %y`),
      { backends: [reference()] },
    );
    const product = session.explain().nodes.find(({ node }) => node === 'product');
    expect(product).toMatchObject({ op: MatMul.name, dtype: 'uint8' });
    expect(numbers(await session.run({ x: float32([1, 2], [1, 2]) }))).toEqual({ y: [2.5, -1.5] });
  });
});
