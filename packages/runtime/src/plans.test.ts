import { type Backend, defineBackend, type Executable, type Subgraph, type Tap } from '@octavo/backend';
import { createModel, inferTypes, type Model, parse } from '@octavo/core/ir';
import { float32, StoredTensor, type Tensor, toNumbers } from '@octavo/core/tensor';
import { kernelTable, reference } from '@octavo/reference';
import { describe, expect, it } from 'vitest';
import { createSession, openSession, type Session } from './index.js';

function modelOf(text: string): Model {
  const graph = parse(`graph opset 21 {\n${text}\n}`);
  inferTypes(graph);
  return createModel(graph);
}

/** Flattens through a shape that the graph computes itself. */
const FLATTEN = `
  input %x: float32[N, 2, 2]
  const %zero: int64[1] = [0]
  const %rest: int64[1] = [-1]
  %s = Shape(%x)
  %n = Gather(%s, %zero)
  %t = Concat(%n, %rest) {axis=0}
  %f = Reshape(%x, %t)
  %r = Relu(%f)
  %y = Neg(%r)
  output %y`;

const numbers = (tensor: Tensor | undefined) => Array.from(tensor ? toNumbers(tensor) : []);
const batch = (count: number) =>
  float32(
    Array.from({ length: count * 4 }, (_, i) => i - 2),
    [count, 2, 2],
  );

/** The reference backend, with a list of what it compiled and what was disposed of. */
function observed() {
  const log: string[] = [];
  const inner = defineBackend({ id: 'observed', kernels: kernelTable });
  const backend: Backend = {
    id: 'observed',
    supports: (node, context) => inner.supports(node, context),
    async compile(subgraph, options) {
      const name = subgraph.inputs.map(({ shape }) => `[${shape}]`).join();
      log.push(`compile ${name}`);
      const executable = await inner.compile(subgraph, options);
      return {
        plan: executable.plan,
        run: async (inputs, tap) => executable.run(inputs, tap),
        runSync: (inputs, tap) => executable.runSync?.(inputs, tap) ?? [],
        [Symbol.dispose]() {
          log.push(`dispose ${name}`);
          executable[Symbol.dispose]();
        },
      };
    },
    [Symbol.dispose]() {},
  };
  return { backend, log };
}

describe('plans', () => {
  it('are freed when the session cannot be made after all', async () => {
    const { backend, log } = observed();
    const model = modelOf(`
      input %x: float32[N, 2]
      const %zero: int64[1] = [0]
      const %one: int64[1] = [1]
      %s = Shape(%x)
      %n = Gather(%s, %zero)
      %c = Equal(%n, %one)
      %y = If(%c) {else_branch=graph no(%i = %x) {
        %r = Cast(%i) {to=7}
        output %r
      }, then_branch=graph yes(%i = %x) {
        %r = Neg(%i)
        output %r
      }}
      output %y`);
    await expect(createSession(model, { backends: [backend] })).rejects.toMatchObject({
      code: 'SESSION_TYPE',
    });
    expect(log).toEqual(['compile [1,2]', 'dispose [1,2]']);
  });

  it('are made for batch 1 at once, and for other sizes at their first run', async () => {
    const { backend, log } = observed();
    using session = await createSession(modelOf(FLATTEN), { backends: [backend] });
    expect(log).toEqual(['compile [1,2,2]']);
    expect(numbers(session.runSync({ x: batch(1) })['y'])).toEqual([-0, -0, -0, -1]);
    expect((await session.run({ x: batch(3) }))['y']?.shape).toEqual([3, 4]);
    await session.run({ x: batch(3) });
    expect(log).toEqual(['compile [1,2,2]', 'compile [3,2,2]']);
  });

  it('compute what follows from the shapes beforehand', async () => {
    using session = await createSession(modelOf(FLATTEN), { backends: [reference()] });
    expect(session.explain().nodes.map(({ op }) => op)).toEqual(['Reshape', 'Relu', 'Neg']);
  });

  it('are made ahead for the sizes asked for', async () => {
    const { backend, log } = observed();
    using session = await createSession(modelOf(FLATTEN), { backends: [backend], dims: { N: 5 } });
    await session.prepare({ x: [2, 2, 2] });
    expect(log).toEqual(['compile [5,2,2]', 'compile [2,2,2]']);
    expect(session.runSync({ x: batch(2) })['y']?.shape).toEqual([2, 4]);
  });

  it('are for the shapes that were given, whatever becomes of the arrays that held them', async () => {
    const { backend, log } = observed();
    using session = await createSession(modelOf(FLATTEN), { backends: [backend] });
    const shape = [2, 2, 2];
    await session.prepare({ x: shape });
    shape[0] = 3;
    await session.prepare({ x: shape });
    expect(log).toContain('compile [3,2,2]');
    expect(numbers((await session.run({ x: batch(3) }))['y'])).toHaveLength(12);
  });

  it('are missed by runSync with a remedy', async () => {
    using session = await createSession(modelOf(FLATTEN), { backends: [reference()] });
    expect(() => session.runSync({ x: batch(2) })).toThrow(
      expect.objectContaining({
        code: 'SESSION_UNPLANNED',
        remedy: 'Call prepare() with these shapes first, or use run().',
      }),
    );
    await expect(session.prepare({})).rejects.toMatchObject({ code: 'FEED_MISSING', where: 'input x' });
  });

  it('are kept up to a limit; those used least recently go', async () => {
    const { backend, log } = observed();
    using session = await createSession(modelOf(FLATTEN), { backends: [backend], maxPlans: 2 });
    await session.run({ x: batch(2) });
    await session.run({ x: batch(1) });
    await session.run({ x: batch(3) });
    expect(log.filter((line) => line.startsWith('dispose'))).toEqual(['dispose [2,2,2]']);
    session.dispose();
    expect(log.filter((line) => line.startsWith('dispose'))).toHaveLength(3);
  });

  it('outlive the session while they run', async () => {
    const { backend, log } = observed();
    const session = await createSession(modelOf(FLATTEN), { backends: [backend] });
    const run = session.run({ x: batch(4) });
    session.dispose();
    expect((await run)['y']?.shape).toEqual([4, 4]);
    expect(log).toContain('dispose [4,2,2]');
    await expect(session.run({ x: batch(4) })).rejects.toMatchObject({ code: 'SESSION_DISPOSED' });
  });

  it('are not made for sizes that the model does not take', async () => {
    const model = modelOf(`
      input %x: float32[1, 1, W]
      const %w: float32[1, 1, 3] = [1, 1, 1]
      %y = Conv(%x, %w)
      output %y`);
    using session = await createSession(model, { backends: [reference()] });
    expect(session.explain().nodes.map(({ op }) => op)).toEqual(['Conv']);
    expect(numbers((await session.run({ x: float32([1, 2, 3, 4], [1, 1, 4]) }))['y'])).toEqual([6, 9]);
  });
});

describe('bound runs', () => {
  it('read the inputs and write the outputs in place', async () => {
    using session = await createSession(modelOf(FLATTEN), { backends: [reference()] });
    const x = batch(2);
    const y = float32(new Array(8).fill(7), [2, 4]);
    using bound = await session.bind({ x }, { y });
    bound.run();
    expect(bound.outputs['y']).toBe(y);
    expect(numbers(y)).toEqual([-0, -0, -0, -1, -2, -3, -4, -5]);
    x.data.fill(3);
    bound.run();
    expect(numbers(y)).toEqual([-3, -3, -3, -3, -3, -3, -3, -3]);
  });

  it('allocate outputs that are not given, and refuse those that do not fit', async () => {
    using session = await createSession(modelOf(FLATTEN), { backends: [reference()] });
    using bound = await session.bind({ x: batch(1) });
    expect(bound.outputs['y']?.shape).toEqual([1, 4]);
    await expect(session.bind({ x: batch(1) }, { y: float32([1, 2]) })).rejects.toMatchObject({
      code: 'BIND_OUTPUT',
      where: 'output y',
      fault: 'expected float32 [1, 4], found float32 [2].',
    });
    await expect(session.bind({ x: batch(1) }, { z: float32([1, 2]) })).rejects.toMatchObject({
      code: 'BIND_OUTPUT',
      where: 'output z',
      fault: 'the model has no such output; its outputs are y.',
    });
  });

  it('end with the session', async () => {
    const session = await createSession(modelOf(FLATTEN), { backends: [reference()] });
    using bound = await session.bind({ x: batch(1) });
    await session[Symbol.asyncDispose]();
    expect(() => bound.run()).toThrow(expect.objectContaining({ code: 'SESSION_DISPOSED' }));
  });
});

/** A backend that can bind and share, built on the reference kernels. */
function capable() {
  const published = new Map<number, Executable>();
  const inner = defineBackend({ id: 'capable', kernels: kernelTable });
  const compile = async (subgraph: Subgraph): Promise<Executable> => {
    const executable = await inner.compile(subgraph);
    const runSync = (inputs: readonly Tensor[], tap?: Tap) => executable.runSync?.(inputs, tap) ?? [];
    const shared: Executable = {
      plan: executable.plan,
      run: runSync,
      runSync,
      bind(inputs, outputs) {
        const results = runSync(inputs).map((tensor, index) => outputs[index] ?? tensor);
        const run = () => {
          runSync(inputs).forEach((tensor, index) => {
            results[index]?.bytes.set(tensor.bytes);
          });
        };
        run();
        return { inputs, outputs: results, run, [Symbol.dispose]() {} };
      },
      profile: async (inputs) => (await executable.profile?.(inputs)) ?? { outputs: [], spans: [] },
      share() {
        published.set(published.size, shared);
        return { id: published.size - 1, generation: 1 };
      },
      [Symbol.dispose]: () => executable[Symbol.dispose](),
    };
    return shared;
  };
  const backend: Backend = {
    id: 'capable',
    supports: (node, context) => inner.supports(node, context),
    compile,
    open({ id }) {
      const executable = published.get(id);
      if (!executable) throw new Error('nobody shared it');
      return executable;
    },
    [Symbol.dispose]() {},
  };
  return backend;
}

describe('a backend that binds', () => {
  it('runs on the tensors of the caller', async () => {
    using session = await createSession(modelOf(FLATTEN), { backends: [capable()] });
    const x = batch(1);
    const y = float32([0, 0, 0, 0], [1, 4]);
    using bound = await session.bind({ x }, { y });
    x.data.fill(2);
    bound.run();
    expect(bound.outputs['y']).toBe(y);
    expect(numbers(y)).toEqual([-2, -2, -2, -2]);
  });
});

describe('a token', () => {
  it('survives a structured clone and opens where the backend is', async () => {
    const backend = capable();
    using session = await createSession(modelOf(FLATTEN), { backends: [backend] });
    const token = structuredClone(session.share());
    using opened = openSession(token, { backends: [backend] });
    expect(opened.inputs).toMatchObject([{ name: 'x', dtype: 'float32', shape: [1, 2, 2] }]);
    expect(opened.runSync({ x: batch(1) })).toEqual(session.runSync({ x: batch(1) }));
    expect(await opened.run({ x: batch(1) })).toEqual(await session.run({ x: batch(1) }));
    expect(opened.explain().toString()).toContain('Relu');
    expect(() => opened.runSync({ x: batch(2) })).toThrow(expect.objectContaining({ code: 'FEED_SHAPE' }));
  });

  it('opens to a session that binds, times nodes, and stops when told', async () => {
    const backend = capable();
    using session = await createSession(modelOf(FLATTEN), { backends: [backend] });
    const opened = openSession(structuredClone(session.share()), { backends: [backend] });
    const [x, y] = [batch(1), float32([0, 0, 0, 0], [1, 4])];
    using bound = await opened.bind({ x }, { y });
    x.data.fill(2);
    bound.run();
    expect(numbers(y)).toEqual([-2, -2, -2, -2]);
    await expect(opened.bind({ x }, { z: y })).rejects.toMatchObject({ code: 'BIND_OUTPUT' });
    const profile = await opened.profile({ x: batch(1) }, { rounds: 2 });
    const own = await session.profile({ x: batch(1) }, { rounds: 2 });
    expect(profile.nodes.map(({ node, kernel }) => [node, kernel])).toEqual(
      own.nodes.map(({ node, kernel }) => [node, kernel]),
    );
    const reason = new Error('enough');
    const signal = AbortSignal.abort(reason);
    await expect(opened.run({ x: batch(1) }, { signal })).rejects.toBe(reason);
    opened.dispose();
    expect(() => bound.run()).toThrow(expect.objectContaining({ code: 'SESSION_DISPOSED' }));
  });

  it('opens to a session that tells what the shared one was made to tell', async () => {
    const backend = capable();
    using session = await createSession(modelOf(FLATTEN), { backends: [backend], taps: ['x', 'r'] });
    using opened = openSession(structuredClone(session.share()), { backends: [backend] });
    const told = async (each: Pick<Session, 'run' | 'runSync'>) => {
      const seen: [string, number[]][] = [];
      const onTap = (name: string, tensor: Tensor) => seen.push([name, numbers(tensor)]);
      await each.run({ x: batch(1) }, { onTap });
      each.runSync({ x: batch(1) }, { onTap });
      return seen;
    };
    expect(await told(opened)).toEqual(await told(session));
    expect((await told(opened)).map(([name]) => name)).toEqual(['x', 'r', 'x', 'r']);
  });

  it('carries the defaults of inputs', async () => {
    const model = modelOf('input %x: float32[2]\ninput %w: float32[2]\n%y = Mul(%x, %w)\noutput %y');
    const w = model.graph.value('w');
    if (w) w.constant = StoredTensor.of(float32([3, -1], [2]));
    const backend = capable();
    using session = await createSession(model, { backends: [backend] });
    using opened = openSession(structuredClone(session.share()), { backends: [backend] });
    expect(numbers(opened.runSync({ x: float32([1, 2], [2]) })['y'])).toEqual([3, -2]);
  });

  it('carries outputs that are constants', async () => {
    const model = modelOf('input %x: float32[2]\nconst %k: float32[2] = [5, 6]\n%y = Neg(%x)\noutput %y, %k');
    const backend = capable();
    using session = await createSession(model, { backends: [backend] });
    using opened = openSession(structuredClone(session.share()), { backends: [backend] });
    const { y, k } = opened.runSync({ x: float32([1, 2], [2]) });
    expect([numbers(y), numbers(k)]).toEqual([
      [-1, -2],
      [5, 6],
    ]);
  });

  it.each([[undefined], [null], [{}], [{ stages: [] }]])('is not %j', (token) => {
    expect(() => Reflect.apply(openSession, undefined, [token, { backends: [reference()] }])).toThrow(
      expect.objectContaining({ code: 'SESSION_TOKEN' }),
    );
  });

  it('is refused where programs stay in their thread, and where the backend is not given', async () => {
    using plain = await createSession(modelOf(FLATTEN), { backends: [reference()] });
    expect(() => plain.share()).toThrow(expect.objectContaining({ code: 'SESSION_NOT_SHAREABLE' }));
    using session = await createSession(modelOf(FLATTEN), { backends: [capable()] });
    expect(() => openSession(session.share(), { backends: [reference()] })).toThrow(
      expect.objectContaining({ code: 'SESSION_BACKEND' }),
    );
  });
});

describe('a profile', () => {
  it('times each node in the order of execution', async () => {
    using session = await createSession(modelOf(FLATTEN), { backends: [reference()] });
    const profile = await session.profile({ x: batch(2) }, { rounds: 3 });
    expect(profile.rounds).toBe(3);
    expect(profile.nodes.map(({ op }) => op)).toEqual(['Reshape', 'Relu', 'Neg']);
    expect(profile.nodes.reduce((sum, { fraction }) => sum + fraction, 0)).toBeCloseTo(1);
    expect(profile.toString().split('\n')[0]).toMatch(/^ms +% +node +op +dtype +backend +kernel$/);
    const { traceEvents } = profile.toChromeTrace();
    expect(traceEvents.map(({ cat, ph }) => `${cat} ${ph}`)).toEqual(['Reshape X', 'Relu X', 'Neg X']);
    const ends = traceEvents.map(({ ts, dur }) => ts + dur);
    expect(traceEvents.slice(1).every(({ ts }, i) => ts >= (ends[i] ?? 0))).toBe(true);
  });
});
