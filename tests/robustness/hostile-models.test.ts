import { createModel, knownShape, type Model, parse } from '@octavo/core/ir';
import { float32, int64, StoredTensor, type Tensor, zeros } from '@octavo/core/tensor';
import { cpu } from '@octavo/cpu';
import { decodeModel, encodeModel } from '@octavo/formats';
import { reference } from '@octavo/reference';
import { createSession, type NamedTensors } from '@octavo/runtime';
import { describe, expect, it } from 'vitest';

const BACKENDS = [
  ['reference', [reference()]],
  ['cpu, then reference', [cpu(), reference()]],
] as const;

/** What the process may come to hold, as `docs/engine.md` states it. */
const CONSTANT_BYTES = 512 * 2 ** 20;

/** Milliseconds after which a test counts as hanging. */
const HANGING = 60_000;

const IMAGE = float32(new Float32Array(16), [1, 1, 4, 4]);

interface Hostile {
  readonly name: string;
  readonly text: string;
  readonly feeds: NamedTensors;
}

/** One op that makes much of little: its sizes in the file, and fed to a run. */
function both(op: string, size: Tensor, text: (size: string) => string, feeds: NamedTensors): Hostile[] {
  const list = size.shape.length === 0 ? String(size.data[0]) : `[${[...size.data].join(', ')}]`;
  const declared = `${size.dtype}[${size.shape}]`;
  return [
    { name: `${op} by a constant`, text: `const %s: ${declared} = ${list}\n${text('%s')}`, feeds },
    { name: `${op} by an input`, text: `input %s: ${declared}\n${text('%s')}`, feeds: { ...feeds, s: size } },
  ];
}

const image = 'input %x: float32[1, 1, 4, 4]';
const SMALL: readonly Hostile[] = [
  ...both('ConstantOfShape', int64([2 ** 20, 2 ** 20]), (s) => `%y = ConstantOfShape(${s})`, {}),
  ...both('Expand', int64([2 ** 40]), (s) => `const %c: float32[1] = [1]\n%y = Expand(%c, ${s})`, {}),
  ...both('Tile', int64([1, 1, 2 ** 15, 2 ** 15]), (s) => `${image}\n%y = Tile(%x, ${s})`, { x: IMAGE }),
  ...both(
    'Range',
    int64([2 ** 40], []),
    (s) => `const %a: int64[] = 0\nconst %d: int64[] = 1\n%y = Range(%a, ${s}, %d)`,
    {},
  ),
  ...both('Pad', int64([0, 0, 0, 0, 0, 0, 1e6, 1e6]), (s) => `${image}\n%y = Pad(%x, ${s})`, { x: IMAGE }),
  ...both('Resize', float32([1, 1, 1e5, 1e5]), (s) => `${image}\n%y = Resize(%x, _, ${s}) {mode="linear"}`, {
    x: IMAGE,
  }),
  ...both(
    'OneHot',
    int64([2 ** 40], []),
    (s) => `input %i: int64[2]\nconst %v: float32[2] = [0, 1]\n%y = OneHot(%i, ${s}, %v)`,
    { i: int64([0, 1]) },
  ),
  ...both('CenterCropPad', int64([1, 1, 1e6, 1e6]), (s) => `${image}\n%y = CenterCropPad(%x, ${s})`, {
    x: IMAGE,
  }),
  ...both(
    'Col2Im',
    int64([2 ** 20, 2 ** 20]),
    (s) => `input %x: float32[1, 1, 1]\nconst %b: int64[2] = [1, 1]\n%y = Col2Im(%x, ${s}, %b)`,
    { x: float32([1], [1, 1, 1]) },
  ),
  {
    name: 'Conv by its pads',
    text: `${image}\nconst %w: float32[1, 1, 1, 1] = [1]\n%y = Conv(%x, %w) {pads=[0, 0, 1073741824, 1073741824]}`,
    feeds: { x: IMAGE },
  },
  {
    name: 'ConvTranspose by its strides',
    text: `${image}\nconst %w: float32[1, 1, 1, 1] = [1]\n%y = ConvTranspose(%x, %w) {strides=[100000, 100000]}`,
    feeds: { x: IMAGE },
  },
  {
    name: 'an outer product',
    text: 'input %a: float32[65536, 1]\ninput %b: float32[1, 65536]\n%y = MatMul(%a, %b)',
    feeds: {
      a: float32(new Float32Array(65536), [65536, 1]),
      b: float32(new Float32Array(65536), [1, 65536]),
    },
  },
];

/** Nodes of constants that take hours, or gigabytes, beyond what they read and give. */
const LABOURS: readonly { readonly name: string; readonly text: string }[] = [
  {
    name: 'a pool of large windows',
    text: 'value %x: float32[1, 1, 512, 512]\n%y = MaxPool(%x) {kernel_shape=[512, 512], pads=[256, 256, 255, 255]}',
  },
  {
    name: 'an average over padding',
    text: 'value %x: float32[1, 1, 512, 512]\n%y = AveragePool(%x) {kernel_shape=[512, 512], pads=[256, 256, 255, 255], count_include_pad=1}',
  },
  {
    name: 'Einsum over many labels',
    text: 'value %a: float32[512]\n%y = Einsum(%a, %a, %a, %a) {equation="i,j,k,l->"}',
  },
  {
    name: 'NonMaxSuppression of boxes that all stay',
    text: 'value %b: float32[1, 60000, 4]\nvalue %s: float32[1, 1, 60000]\nconst %n: int64[] = 60000\nconst %t: float32[] = 1\n%i = NonMaxSuppression(%b, %s, %n, %t)\n%y = Cast(%i) {to=1}',
  },
  {
    name: 'an LSTM of many steps',
    text: 'value %x: float32[20000, 1, 1]\nvalue %w: float32[1, 512, 1]\nvalue %r: float32[1, 512, 128]\n_, %y = LSTM(%x, %w, %r) {hidden_size=128}',
  },
  {
    name: 'a local response of all channels',
    text: 'value %x: float32[1, 262144, 1, 1]\n%y = LRN(%x) {size=1000000}',
  },
  {
    name: 'a resize that grows before it shrinks',
    text: 'value %x: float32[1, 262144]\nconst %s: int64[2] = [262144, 1]\n%y = Resize(%x, _, _, %s) {mode="linear"}',
  },
  {
    name: 'a filter as large as the image',
    text: 'value %x: float32[1, 1, 512, 512]\n%y = Conv(%x, %x) {pads=[256, 256, 255, 255]}',
  },
  {
    name: 'regions of many samples',
    text: 'value %x: float32[1, 1, 8, 8]\nvalue %r: float32[1, 4]\nvalue %b: int64[1]\n%y = RoiAlign(%x, %r, %b) {sampling_ratio=1000000000}',
  },
];

/** A model of constants whose result only a run computes, or nobody. */
function labourOf(text: string): Model {
  const graph = parse(`graph opset 21 {\n${text}\ninput %q: float32[]\n%z = Mul(%y, %q)\noutput %z\n}`);
  for (const value of graph.values) {
    const shape = knownShape(value.shape);
    if (!value.producer && !value.constant && shape && value.dtype && !graph.inputs.includes(value))
      value.constant = StoredTensor.of(zeros(value.dtype, shape));
  }
  return createModel(graph);
}

function fileOf(text: string): Uint8Array {
  return encodeModel(createModel(parse(`graph opset 21 {\n${text}\n%z = Relu(%y)\noutput %z\n}`)));
}

async function createAndRun(
  { text, feeds }: Hostile,
  backends: (typeof BACKENDS)[number][1],
): Promise<unknown> {
  using session = await createSession(decodeModel(fileOf(text)), { backends });
  return session.run(feeds);
}

async function withinBounds(action: () => Promise<void>): Promise<void> {
  const before = process.resourceUsage().maxRSS * 1024;
  await action();
  expect(process.resourceUsage().maxRSS * 1024 - before).toBeLessThan(CONSTANT_BYTES);
}

describe.each(BACKENDS)('small files that ask for much, on %s', { timeout: HANGING }, (_, backends) => {
  it.each(SMALL)('are refused with the node: $name', (hostile) =>
    withinBounds(async () => {
      await expect(createAndRun(hostile, backends)).rejects.toMatchObject({
        code: 'TENSOR_TOO_LARGE',
        where: expect.stringContaining('(y)'),
      });
    }),
  );

  it.each(LABOURS)('are made sessions of without the work: $name', ({ text }) =>
    withinBounds(async () => {
      using session = await createSession(labourOf(text), { backends });
      const declined = session.explain().passes.flatMap((pass) => pass.declined);
      expect(declined.map(({ reason }) => reason)).toContain('it takes too much work');
    }),
  );

  it('pool by a window that is larger than memory', () =>
    withinBounds(async () => {
      const window =
        'kernel_shape=[1000000000, 1000000000], pads=[500000000, 500000000, 500000000, 500000000]';
      const graph = parse(`graph opset 21 {
        ${image}
        %y = AveragePool(%x) {${window}}
        %z = ReduceMax(%y)
        output %z
      }`);
      using session = await createSession(createModel(graph), { backends });
      const values = Float32Array.from({ length: 16 }, (_, i) => i);
      expect((await session.run({ x: float32(values, [1, 1, 4, 4]) }))['z']?.data).toEqual(
        float32([7.5]).data,
      );
    }));

  it.each([
    ['an attribute', 'sampling_ratio=1000000000', [0, 0, 1, 1]],
    ['a region', 'sampling_ratio=0', [0, 0, 1e9, 1]],
    ['an infinite region', 'sampling_ratio=0', [0, 0, Number.POSITIVE_INFINITY, 1]],
  ])('are refused as many samples as %s asks for', async (_, attributes, region) => {
    const text = `${image}\ninput %r: float32[1, 4]\nconst %b: int64[1] = [0]
      %y = RoiAlign(%x, %r, %b) {${attributes}} @regions`;
    const feeds = { x: IMAGE, r: float32(region, [1, 4]) };
    await withinBounds(async () => {
      await expect(createAndRun({ name: '', text, feeds }, backends)).rejects.toMatchObject({
        code: 'KERNEL_SIZE',
        where: 'node regions (RoiAlign)',
      });
    });
  });

  it('are not folded beyond their budget, chain after chain', async () => {
    const chains = Array.from({ length: 500 }, (_, i) => [
      `%a${i} = Expand(%c, %s)`,
      `%b${i} = Add(%a${i}, %a${i})`,
      `%r${i} = ReduceMax(%b${i})`,
    ]);
    const names = chains.map((_, i) => `%r${i}`).join(', ');
    const text = `const %c: float32[1] = [1]\nconst %s: int64[1] = [250000]\n${chains.flat().join('\n')}`;
    const model = fileOf(`${text}\n%y = Sum(${names})`);
    await withinBounds(async () => {
      using session = await createSession(decodeModel(model), { backends });
      const declined = session.explain().passes.flatMap((pass) => pass.declined);
      expect(declined.filter(({ reason }) => reason === 'it takes too much work').length).toBeGreaterThan(
        100,
      );
    });
  });
});

/** So many Ifs on a condition that is fed, whose branches compute `lines` of constants and read `%r`. */
function conditionsOf(many: number, lines: string): Uint8Array {
  const branch = (value: string) => `graph () {\n${lines}\n%${value} = ReduceMax(%r)\noutput %${value}\n}`;
  const ifs = Array.from(
    { length: many },
    (_, i) => `%y${i} = If(%c) {then_branch=${branch('t')}, else_branch=${branch('e')}}`,
  );
  const names = ifs.map((_, i) => `%y${i}`).join(', ');
  return fileOf(`input %c: bool[]\n${ifs.join('\n')}\n%y = Sum(${names})`);
}

const SQUARE = 'const %n: int64[2] = [256, 256]\n%s = ConstantOfShape(%n)';
const MEGABYTES = Array.from({ length: 24 }, (_, i) => `%m${i} = ConstantOfShape(%n)`);
const MEGABYTE_NAMES = MEGABYTES.map((_, i) => `%m${i}`).join(', ');
/** Branches that compute little each, and constants of a mebibyte, read at once so that they are all held. */
const MANY_BRANCHES = [
  ['products', 60, `${SQUARE}\n%p = MatMul(%s, %s)\n%q = MatMul(%p, %s)\n%r = MatMul(%q, %s)`],
  [
    'constants',
    15,
    `const %n: int64[1] = [262144]\n${MEGABYTES.join('\n')}\n%r = Concat(${MEGABYTE_NAMES}) {axis=0}`,
  ],
] as const;

describe.each(BACKENDS)('branches beside each other, on %s', { timeout: HANGING }, (_, backends) => {
  it.each(MANY_BRANCHES)('share one budget of folding: %s', (_name, many, lines) =>
    withinBounds(async () => {
      using session = await createSession(decodeModel(conditionsOf(many, lines)), { backends });
      const { passes } = session.explain();
      const inlining = passes.filter(({ pass }) => pass === 'inline-branches');
      expect(inlining.length).toBeGreaterThan(0);
      for (const { fired } of inlining)
        expect(fired.filter(({ rule }) => rule === 'fold-constants').length).toBeLessThan(50);
    }),
  );
});

describe('what a kernel works in', () => {
  // Sequences of 512 KiB, with four gates for each state.
  const model = () =>
    labourOf(`input %s: float32[1024, 16, 1]
      value %w: float32[1, 32, 1]
      value %r: float32[1, 32, 8]
      %y = LSTM(%s, %w, %r) {hidden_size=8} @layer`);

  it('counts as a value does', async () => {
    const tight = createSession(model(), { backends: [cpu(), reference()], maxTensorBytes: 2 ** 20 });
    await expect(tight).rejects.toMatchObject({ code: 'TENSOR_TOO_LARGE', where: 'node layer (LSTM)' });
    using roomy = await createSession(model(), { backends: [cpu(), reference()], maxTensorBytes: 2 ** 21 });
    expect(roomy.explain().toString()).toContain('cpu');
  });
});
