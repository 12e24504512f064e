import { createModel, Graph, type Model, parse, Relu, tensorType, unknownOp } from '@octavo/core/ir';
import { float32, toNumbers } from '@octavo/core/tensor';
import { describe, expect, it } from 'vitest';
import { withUnknownOp } from '../tests/models.js';
import { type BackendName, defaultBackends, fastSessions, openFastSession, openSession } from './sessions.js';

/** `x` float32 [4] through one op to `y`. */
function oneOp(
  domain: string,
  name: string,
  opset: number,
  shape: readonly (number | string)[] = [4],
): Model {
  const graph = new Graph(
    new Map([
      ['', opset],
      ['com.microsoft', 1],
    ]),
  );
  const op = domain === '' ? Relu : unknownOp(domain, name);
  const y = graph.addValue('y', tensorType('float32', shape));
  graph.addNode(op, {
    name: 'only',
    inputs: [graph.addInput('x', tensorType('float32', shape))],
    outputs: [y],
  });
  graph.outputs.push(y);
  return createModel(graph);
}

const relu = (opset = 21): Model => oneOp('', 'Relu', opset);

async function backendOf(
  open: typeof openSession,
  model: Model,
  backend: BackendName = 'auto',
): Promise<{ backends: string[]; notices: string[] }> {
  const notices: string[] = [];
  using session = await open(model, { backend, notice: (line) => notices.push(line) });
  const { y } = await session.run({ x: float32([-1, 0, 1, 2]) });
  expect(y?.shape).toEqual([4]);
  return { backends: session.explain().nodes.map((node) => node.backend), notices };
}

describe('openSession', () => {
  it('runs on our own backends without a word', async () => {
    const { backends } = await backendOf(openSession, relu());
    expect(backends).not.toContain('onnxruntime');
  });

  it.each(['reference', 'onnxruntime'] as const)('runs on %s when told so', async (backend) => {
    expect(await backendOf(openSession, relu(), backend)).toEqual({ backends: [backend], notices: [] });
  });

  it('takes onnxruntime for an op that only it has, and says so', async () => {
    const { backends, notices } = await backendOf(openSession, oneOp('com.microsoft', 'QuickGelu', 21));
    expect(backends).toEqual(['onnxruntime']);
    expect(notices.at(-1)).toMatch(/^Running on onnxruntime: .*QuickGelu/);
  });

  it('names the op when nothing has it', async () => {
    const notices: string[] = [];
    const opened = openSession(withUnknownOp(), { notice: (line) => notices.push(line) });
    await expect(opened).rejects.toMatchObject({
      code: 'OP_UNSUPPORTED',
      fault: expect.stringMatching(/Swirl/),
    });
    expect(notices.at(-1)).toMatch(/^onnxruntime refused the model/);
  });
});

describe('openFastSession', () => {
  it('takes onnxruntime without a word', async () => {
    expect(await backendOf(openFastSession, relu())).toEqual({ backends: ['onnxruntime'], notices: [] });
  });

  it('takes our own backends for a model that onnxruntime refuses, and says so', async () => {
    const { backends, notices } = await backendOf(openFastSession, relu(28));
    expect(backends).not.toContain('onnxruntime');
    expect(notices[0]).toMatch(/^Running on our own backends: onnxruntime refused the model/);
  });

  it.each(['openSession', 'openFastSession'] as const)(
    '%s gives the values that are tapped',
    async (name) => {
      const open = name === 'openSession' ? openSession : openFastSession;
      const model = relu();
      using session = await open(model, { taps: ['x', 'y'] });
      const seen = new Map<string, readonly number[]>();
      const x = float32([-1, 0, 1, 2]);
      await session.run(
        { x },
        { onTap: (value, tensor) => seen.set(value, [...(tensor.is('float32') ? tensor.data : [])]) },
      );
      expect(seen).toEqual(
        new Map([
          ['x', [-1, 0, 1, 2]],
          ['y', [0, 0, 1, 2]],
        ]),
      );
    },
  );
});

it.runIf(defaultBackends()[0]?.id === 'cpu')('native kernels read pads that a node gives', async () => {
  const graph = parse(`graph opset 21 {
    input %x: float32[1, 5]
    %pads = Constant() {value_ints=[0, 2, 0, 3]}
    %y: float32[1, 10] = Pad(%x, %pads) {mode="reflect"}
    output %y, %pads
  }`);
  using session = await openSession(createModel(graph), { backend: 'cpu' });
  const { y } = await session.run({ x: float32([0, 1, 2, 3, 4], [1, 5]) });
  expect(Array.from(y ? toNumbers(y) : [])).toEqual([2, 1, 0, 1, 2, 3, 4, 3, 2, 1]);
});

describe('fastSessions', () => {
  const observe = async (model: Model, taps: readonly string[], backend: BackendName = 'auto') => {
    using session = await fastSessions({ backend })(model, { taps });
    return new Set(session.explain().nodes.map((node) => node.backend));
  };

  it.runIf(defaultBackends()[0]?.id === 'cpu')(
    'observes on native kernels, and only observes there',
    async () => {
      expect(await observe(relu(), ['y'])).toEqual(new Set(['cpu']));
      expect(await observe(relu(), [])).toEqual(new Set(['onnxruntime']));
    },
  );

  it.runIf(defaultBackends()[0]?.id === 'cpu')('goes over what is observed in native loops', () => {
    const { scan } = fastSessions();
    expect(scan?.range(Float32Array.of(3, -1, 2))).toEqual({ min: -1, max: 3 });
  });

  it('observes on onnxruntime where sizes vary, where an op is missing, and where told so', async () => {
    const varying = oneOp('', 'Relu', 21, ['batch', 'length']);
    const others = [varying, oneOp('com.microsoft', 'QuickGelu', 21)];
    for (const model of others) expect(await observe(model, ['y'])).toEqual(new Set(['onnxruntime']));
    expect(await observe(relu(), ['y'], 'onnxruntime')).toEqual(new Set(['onnxruntime']));
  });

  it.runIf(defaultBackends()[0]?.id === 'cpu')(
    'observes what the unfused graph computes, wherever it runs',
    async () => {
      const graph = parse(
        [
          'graph opset 21 {',
          'input %x: float32[1, 2, 6, 6]',
          'const %w: float32[2, 2, 1, 1] = [0.5, -1, 2, 0.25]',
          '%c: float32[1, 2, 6, 6] = Conv(%x, %w)',
          '%r: float32[1, 2, 6, 6] = Relu(%c)',
          '%a: float32[1, 2, 6, 6] = Add(%r, %x)',
          'output %a',
          '}',
        ].join('\n'),
      );
      const x = float32(
        Array.from({ length: 72 }, (_, i) => Math.sin(i)),
        [1, 2, 6, 6],
      );
      const taps = ['c', 'r', 'a'];
      const observed = async (backend: BackendName): Promise<number[]> => {
        using session = await fastSessions({ backend })(createModel(graph), { taps });
        const seen = new Map<string, number[]>();
        await session.run({ x }, { onTap: (name, tensor) => seen.set(name, Array.from(toNumbers(tensor))) });
        return taps.flatMap((name) => seen.get(name) ?? []);
      };
      const [own, theirs] = [await observed('auto'), await observed('onnxruntime')];
      expect(own).toHaveLength(3 * 72);
      for (const [i, value] of own.entries()) expect(value).toBeCloseTo(theirs[i] ?? Number.NaN, 5);
    },
  );
});
