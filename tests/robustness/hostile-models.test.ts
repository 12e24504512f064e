import { createModel, parse } from '@octavo/core/ir';
import { float32, int64, type Tensor } from '@octavo/core/tensor';
import { cpu } from '@octavo/cpu';
import { decodeModel, encodeModel } from '@octavo/formats';
import { reference } from '@octavo/reference';
import { createSession, type NamedTensors } from '@octavo/runtime';
import { describe, expect, it } from 'vitest';

const BACKENDS = [
  ['reference', [reference()]],
  ['cpu, then reference', [cpu(), reference()]],
] as const;

/** What the process may come to hold, as `docs/engine.md` states it, and how long anything may take. */
const CONSTANT_BYTES = 512 * 2 ** 20;
const LONGEST = 5000;

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
  const start = performance.now();
  await action();
  expect(performance.now() - start).toBeLessThan(LONGEST);
  expect(process.resourceUsage().maxRSS * 1024 - before).toBeLessThan(CONSTANT_BYTES);
}

describe.each(BACKENDS)('small files that ask for much memory, on %s', (_, backends) => {
  it.each(SMALL)('are refused with the node: $name', (hostile) =>
    withinBounds(async () => {
      await expect(createAndRun(hostile, backends)).rejects.toMatchObject({
        code: 'TENSOR_TOO_LARGE',
        where: expect.stringContaining('(y)'),
      });
    }),
  );

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
