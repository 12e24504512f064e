import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { encodeNpz, type Sample } from '@octavo/datasets';
import { evaluate, type Scored } from '@octavo/evaluation';
import { createOnnxRuntimeSession } from '@octavo/runtime/onnxruntime';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { dataFolder } from '../../tests/real/data-folder.js';
import { REAL_MODELS } from '../../tests/real/real-models.js';
import { UNLABELLED_MODELS } from '../../tests/real/unlabelled-models.js';
import { failureText } from './failure-text.js';
import { PEER_MODES, type PeerMode, peerModesOf } from './peer-modes.js';
import { type Attempt, type PeerRow, PeerRows, type Versions } from './peer-rows.js';
import { peerTable } from './peer-table.js';
import { type Cost, octavo, onnxruntime, onnxruntimeVersion, type Quantizer } from './quantizer.js';
import { labelledSubject, type Subject, unlabelledSubject } from './subject.js';

const ROUNDS = 2;
const RESULTS = new URL('../results/peers-real-models', import.meta.url);
const ORDER = [...REAL_MODELS, ...UNLABELLED_MODELS].map(({ name }) => name);
const folder = dataFolder() ?? '';

/** Rows of the same versions in the JSON file are kept: delete some, or the file, to measure them again. */
describe.skipIf(folder === '')('public models through two quantizers', () => {
  let work = '';
  let versions: Versions;
  let rows: PeerRows;
  beforeAll(async () => {
    work = await mkdtemp(join(tmpdir(), 'octavo-peers-'));
    versions = await versionsHere();
    rows = await PeerRows.open(fileURLToPath(`${RESULTS}.json`), versions);
  });
  afterAll(() => rm(work, { recursive: true, force: true }));

  const compare = async (subject: Subject, modes: readonly PeerMode[]): Promise<void> => {
    const { name } = subject.model;
    await writeSamples(join(work, 'calibration'), subject.calibration);
    for (const mode of modes.filter((each) => !rows.has(name, each.name))) {
      const row = await compareQuantizers(subject, mode, work);
      await rows.add(row);
      await writeFile(fileURLToPath(`${RESULTS}.md`), peerTable(rows.sorted(ORDER), versions));
      expect(row.ours, 'ours').not.toHaveProperty('failure');
    }
  };
  const missing = (name: string, modes: readonly PeerMode[]): boolean =>
    modes.some((mode) => !rows.has(name, mode.name));

  test.each(UNLABELLED_MODELS)('$name', async (real) => {
    if (!missing(real.name, PEER_MODES)) return;
    using float = await createOnnxRuntimeSession(join(folder, real.file));
    await compare(await unlabelledSubject(real, folder, float), PEER_MODES);
  });

  test.each(REAL_MODELS)('$name', async (real) => {
    if (!missing(real.name, peerModesOf(real))) return;
    using float = await createOnnxRuntimeSession(join(folder, real.file));
    await compare(await labelledSubject(real, folder, float), peerModesOf(real));
  });
});

async function versionsHere(): Promise<Versions> {
  const manifest: { version: string } = JSON.parse(
    await readFile(new URL('../../packages/octavo/package.json', import.meta.url), 'utf8'),
  );
  return {
    octavo: manifest.version,
    onnxruntime: await onnxruntimeVersion(),
    cpu: cpus()[0]?.model.trim() ?? 'an unknown CPU',
  };
}

async function compareQuantizers(subject: Subject, mode: PeerMode, work: string): Promise<PeerRow> {
  const quantizers = [octavo, onnxruntime] as const;
  const costs: Record<string, Cost | { failure: string }> = {};
  for (let round = 0; round < ROUNDS; round++)
    for (const quantizer of quantizers) {
      const cost = await quantizeOnce(quantizer, subject, mode, work);
      costs[quantizer.name] = lesser(costs[quantizer.name] ?? cost, cost);
    }
  const [ours, theirs] = [
    await judge(octavo, costs[octavo.name], subject, work),
    await judge(onnxruntime, costs[onnxruntime.name], subject, work),
  ];
  const { metric } = subject;
  const against =
    ours.scored && theirs.scored && evaluate(metric, ours.scored, { original: theirs.scored }).overall;
  return {
    model: subject.model.name,
    mode: mode.name,
    isSameWork: mode.isSameWork,
    metric: metric.name,
    worth: metric.unit === 'dB' ? 'dB' : 'drop',
    ours: ours.attempt,
    theirs: theirs.attempt,
    ...(against?.original ? { against: withInterval(against.original) } : {}),
  };
}

function lesser(a: Cost | { failure: string }, b: Cost | { failure: string }): Cost | { failure: string } {
  if ('failure' in a || 'failure' in b) return a;
  return { seconds: Math.min(a.seconds, b.seconds), peakMiB: Math.min(a.peakMiB, b.peakMiB) };
}

/** One sample alone has no interval. */
const withInterval = ({ drop, interval }: { drop: number; interval: { low: number; high: number } }) =>
  Number.isNaN(interval.low) ? { drop } : { drop, interval };

async function quantizeOnce(
  quantizer: Quantizer,
  { model, path }: Subject,
  mode: PeerMode,
  work: string,
): Promise<Cost | { failure: string }> {
  try {
    return await quantizer.quantize({
      model: path,
      output: join(work, `${quantizer.name}.onnx`),
      recipe: mode.recipe(model),
      calibration: join(work, 'calibration'),
    });
  } catch (error) {
    return { failure: failureText(error) };
  }
}

interface Judged {
  readonly attempt: Attempt;
  readonly scored?: readonly Scored[];
}

async function judge(
  { name }: Quantizer,
  cost: Cost | { failure: string } | undefined,
  subject: Subject,
  work: string,
): Promise<Judged> {
  if (!cost || 'failure' in cost) return { attempt: cost ?? { failure: 'did not run' } };
  try {
    const output = join(work, `${name}.onnx`);
    const size = (await stat(output)).size / (await stat(subject.path)).size;
    using session = await createOnnxRuntimeSession(output);
    const scored = await subject.scored(session);
    return { attempt: { ...cost, size, worth: subject.worth(scored) }, scored };
  } catch (error) {
    return { attempt: { failure: failureText(error) } };
  }
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
