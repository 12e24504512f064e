import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { encodeNpz, type Sample } from '@octavo/datasets';
import { evaluate, type Scored } from '@octavo/evaluation';
import { createOnnxRuntimeSession } from '@octavo/runtime/onnxruntime';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { dataFolder } from '../../tests/real/data-folder.js';
import { labelBy } from '../../tests/real/decisions.js';
import { score } from '../../tests/real/quantized-runs.js';
import type { LabelledModel } from '../../tests/real/real-model.js';
import { REAL_MODELS } from '../../tests/real/real-models.js';
import { type Attempt, type PeerRow, peerTable } from './peer-table.js';
import { octavo, onnxruntime, type Quantizer } from './quantizer.js';

const MODES = ['static', 'dynamic'] as const;
const RESULTS = fileURLToPath(new URL('../results/peers-real-models.md', import.meta.url));
const folder = dataFolder() ?? '';

describe.skipIf(folder === '')('public models through two quantizers', () => {
  const rows: PeerRow[] = [];
  let work = '';
  beforeAll(async () => {
    work = await mkdtemp(join(tmpdir(), 'octavo-peers-'));
  });
  afterAll(async () => {
    await rm(work, { recursive: true, force: true });
    if (rows.length === MODES.length * REAL_MODELS.length) await writeFile(RESULTS, peerTable(rows));
  });

  test.each(REAL_MODELS)('$name', async (real) => {
    const path = join(folder, real.file);
    using session = await createOnnxRuntimeSession(path);
    const found = await real.test(folder, session);
    const byFloat = real.labels === 'float model' && real.decide;
    const samples = byFloat ? await labelBy(session, found, byFloat) : found;
    const float = await score(real, session, samples);
    const calibration = join(work, 'calibration');
    await writeSamples(calibration, await real.calibration(folder, session));
    for (const mode of MODES) {
      const attempt = (quantizer: Quantizer) =>
        tryQuantizer(quantizer, real, mode, join(work, `${quantizer.name}.onnx`), calibration, samples);
      const [ours, theirs] = [await attempt(octavo), await attempt(onnxruntime)];
      rows.push(rowOf(real, mode, float, ours, theirs));
      expect(ours, 'ours').not.toHaveProperty('failure');
    }
  });
});

type Scoring = { readonly seconds: number; readonly peakMiB: number; readonly scored: readonly Scored[] };

async function tryQuantizer(
  quantizer: Quantizer,
  real: LabelledModel,
  mode: (typeof MODES)[number],
  output: string,
  calibration: string,
  samples: readonly Sample[],
): Promise<Scoring | { readonly failure: string }> {
  try {
    const cost = await quantizer.quantize({
      model: join(folder, real.file),
      output,
      recipe: { ...real[mode], mode },
      ...(mode === 'static' ? { calibration } : {}),
    });
    using session = await createOnnxRuntimeSession(output);
    return { ...cost, scored: await score(real, session, samples) };
  } catch (error) {
    const lines = (error instanceof Error ? error.message : String(error)).trim().split('\n');
    return { failure: (lines.at(-1) ?? '').slice(0, 120) };
  }
}

function rowOf(
  real: LabelledModel,
  mode: string,
  float: readonly Scored[],
  ours: Awaited<ReturnType<typeof tryQuantizer>>,
  theirs: Awaited<ReturnType<typeof tryQuantizer>>,
): PeerRow {
  const metric = real.judge ?? real.metric;
  const judged = (attempt: typeof ours): Attempt =>
    'failure' in attempt
      ? attempt
      : { ...attempt, figure: evaluate(metric, attempt.scored, { original: float }).overall };
  const against =
    'failure' in ours || 'failure' in theirs
      ? undefined
      : evaluate(metric, ours.scored, { original: theirs.scored }).overall.original;
  return {
    model: real.name,
    mode,
    metric,
    ours: judged(ours),
    theirs: judged(theirs),
    ...(against ? { against } : {}),
  };
}

async function writeSamples(target: string, samples: readonly Sample[]): Promise<void> {
  await rm(target, { recursive: true, force: true });
  await mkdir(target);
  for (const [index, { feeds }] of samples.entries())
    await writeFile(
      join(target, `${String(index).padStart(5, '0')}.npz`),
      encodeNpz(new Map(Object.entries(feeds))),
    );
}
