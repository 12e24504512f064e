import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Backend } from '@octavo/backend';
import { type Model, verify } from '@octavo/core/ir';
import { elementCount, OctavoError, type Tensor, zeros } from '@octavo/core/tensor';
import { cpu } from '@octavo/cpu';
import { decodeModel } from '@octavo/formats';
import { saveOnnx } from '@octavo/formats/node';
import type { Recipe } from '@octavo/quantizer';
import { reference } from '@octavo/reference';
import { createSession, type Session } from '@octavo/runtime';
import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64';
import { uniformInt } from 'pure-rand/distribution/uniformInt';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';
import { describe, expect, it } from 'vitest';
import { MUTATIONS } from '../../packages/formats/tests/mutations.js';
import { testData } from '../../packages/formats/tests/test-data.node.js';
import { quantize } from '../../packages/quantizer/tests/run-models.js';

const data = testData();

/** A model to damage: a file, or what quantization makes of one. */
interface Subject {
  readonly path: string;
  readonly recipe?: Partial<Recipe>;
  /** The shapes of inputs whose open dimensions are not 1, by name. */
  readonly shapes?: Readonly<Record<string, readonly number[]>>;
}

const SUBJECTS: readonly Subject[] = [
  { path: 'vision/mnist_cntk/mnist.onnx' },
  { path: 'vision/mlperf_tiny/kws_dscnn.onnx' },
  { path: 'tabular/kc_house/kc_house_mlp.onnx' },
  { path: 'lm/gpt_nano_sort/gpt_nano_sort.onnx' },
  { path: 'audio/silero_vad/silero_vad_16k_op15.onnx', shapes: { input: [1, 576], state: [2, 1, 128] } },
  { path: 'vision/mlperf_tiny/kws_dscnn.onnx', recipe: { mode: 'static' } },
  { path: 'vision/mlperf_tiny/kws_dscnn.onnx', recipe: { mode: 'static', format: 'qoperator' } },
  // An If of two branches with convolutions and an LSTM; it is fed a rate of 0, which takes the one for 8 kHz.
  {
    path: 'audio/silero_vad/silero_vad.onnx',
    recipe: { mode: 'dynamic' },
    shapes: { input: [1, 288], state: [2, 1, 128] },
  },
  {
    path: 'lm/gpt_nano_sort/gpt_nano_sort.onnx',
    recipe: { mode: 'weight-only', weights: 'int4', rounding: 'nearest' },
  },
];

const CASES = SUBJECTS.map((subject) => {
  const { mode = '', format = '' } = subject.recipe ?? {};
  return [[subject.path, mode, format].filter(Boolean).join(' '), subject] as const;
});

const BACKENDS = [[reference()], [cpu(), reference()]];

async function bytesOf({ path, recipe }: Subject): Promise<Uint8Array> {
  const bytes = new Uint8Array(readFileSync(join(data ?? '', path)));
  if (!recipe) return bytes;
  const { model } = await quantize(decodeModel(bytes), recipe);
  const folder = mkdtempSync(join(tmpdir(), 'octavo-'));
  try {
    await saveOnnx(model, join(folder, 'quantized.onnx'));
    return new Uint8Array(readFileSync(join(folder, 'quantized.onnx')));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Mutations of each model that are read, and of those how many become sessions. */
const READ = 4000;
const RUN = 300;

/** Above 4 times the file, what the process may come to hold meanwhile. */
const CONSTANT_BYTES = 512 * 2 ** 20;

/** Milliseconds after which the mutants of a model count as hanging. */
const HANGING = 300_000;

/** Inputs of a run are made up to this many elements: a mutant may ask for any shape. */
const LARGEST_FEED = 2 ** 20;

const kinds = Object.values(MUTATIONS);

/** A file with one to three damages, the same for the same seed. */
function mutant(bytes: Uint8Array, seed: number): Uint8Array {
  const random = xoroshiro128plus(seed);
  let result = bytes;
  for (let count = uniformInt(random, 1, 3); count > 0; count--) {
    const kind = kinds[uniformInt(random, 0, kinds.length - 1)];
    // Structure is in small places: every other damage is among the first kilobytes.
    const at = uniformFloat64(random) * (uniformInt(random, 0, 1) ? 1 : Math.min(1, 4096 / result.length));
    result = kind?.(result, at, uniformFloat64(random)) ?? result;
  }
  return result;
}

/** What comes of an action: `done`, or the code of its OctavoError. Anything else that is thrown fails the test. */
async function outcome(action: () => unknown): Promise<string> {
  try {
    await action();
    return 'done';
  } catch (error) {
    if (error instanceof OctavoError && /^[A-Z0-9_]+$/.test(error.code)) return error.code;
    throw error;
  }
}

function read(bytes: Uint8Array): Model {
  const model = decodeModel(bytes);
  verify(model.graph);
  return model;
}

async function createAndRun(
  model: Model,
  backends: readonly Backend[],
  shapes: Subject['shapes'],
): Promise<void> {
  using session = await createSession(model, { backends });
  const feeds = feedsOf(session, shapes);
  if (feeds) await session.run(feeds);
}

function feedsOf(session: Session, shapes: Subject['shapes'] = {}): Record<string, Tensor> | undefined {
  const feeds: Record<string, Tensor> = {};
  for (const { name, dtype, shape } of session.inputs) {
    const sizes = (shape ?? []).map((dim, axis) =>
      typeof dim === 'number' ? dim : (shapes[name]?.[axis] ?? 1),
    );
    if (elementCount(sizes) > LARGEST_FEED) return undefined;
    feeds[name] = zeros(dtype, sizes);
  }
  return feeds;
}

describe.skipIf(!data)('damaged real models', () => {
  it.each(CASES)('are read or refused with a code: %s', { timeout: HANGING }, async (_, subject) => {
    const bytes = await bytesOf(subject);
    const before = process.resourceUsage().maxRSS * 1024;
    const codes = new Set<string>();
    for (let seed = 0; seed < READ; seed++) codes.add(await outcome(() => read(mutant(bytes, seed))));
    expect(process.resourceUsage().maxRSS * 1024 - before).toBeLessThan(4 * bytes.length + CONSTANT_BYTES);
    expect(codes.size).toBeGreaterThan(3);
  });

  it.each(CASES)('run or are refused with a code: %s', { timeout: HANGING }, async (_, subject) => {
    const bytes = await bytesOf(subject);
    const codes = new Set<string>();
    for (let seed = 0; seed < RUN; seed++) {
      const damaged = mutant(bytes, READ + seed);
      for (const backends of BACKENDS) {
        codes.add(await outcome(() => createAndRun(decodeModel(damaged), backends, subject.shapes)));
      }
    }
    expect(codes).toContain('done');
  });
});
