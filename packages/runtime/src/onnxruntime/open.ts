import { cloneModel, type Model } from '@octavo/core/ir';
import { OctavoError } from '@octavo/core/tensor';
import type { InferenceSession } from 'onnxruntime-common';
import { atSource } from '../at-source.js';
import type { Session } from '../session.js';
import { SessionError } from '../session-error.js';
import { multipliesExactly } from './exact-products.js';
import { OnnxRuntimeSession } from './onnxruntime-session.js';
import type { OnnxRuntimeOptions } from './options.js';
import type { OrtTensorConstructor } from './tensors.js';

/** What a build of onnxruntime brings: its tensors, and how it opens a model. */
export interface OnnxRuntimeBuild {
  readonly tensor: OrtTensorConstructor;
  open(source: Model | string, options: InferenceSession.SessionOptions): Promise<InferenceSession>;
}

/** Opens a model on a build of onnxruntime; faults of the model become SessionErrors, which name the path or URL that it has. */
export async function openOnBuild(
  source: Model | string,
  options: OnnxRuntimeOptions,
  load: () => Promise<OnnxRuntimeBuild>,
): Promise<Session> {
  const taps = options.taps ?? [];
  if (typeof source === 'string' && taps.length > 0) {
    throw new SessionError({
      code: 'ORT_TAPS',
      where: source,
      message: 'taps need a model in memory.',
      remedy: 'Load it with loadOnnx first.',
    });
  }
  const build = await load();
  return atSource(source, () => open(build, source, options));
}

async function open(
  build: OnnxRuntimeBuild,
  source: Model | string,
  options: OnnxRuntimeOptions,
): Promise<Session> {
  const taps = options.taps ?? [];
  const model = typeof source === 'string' ? source : withTaps(source, taps);
  try {
    const session = await openExact(build, model, options);
    const own =
      typeof source === 'string' ? session.outputNames : source.graph.outputs.map((value) => value.name);
    return new OnnxRuntimeSession(session, build.tensor, new Set(own), new Set(taps));
  } catch (error) {
    if (error instanceof OctavoError) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    throw new SessionError({
      code: 'ORT_LOAD',
      message: `onnxruntime refused the model: ${reason.replace(/\.?\s*$/, '.')}`,
      remedy: 'Run the model on our own backends, or repair what onnxruntime names.',
      cause: error,
    });
  }
}

/** Levels of optimization at which onnxruntime rewrites products to be exact; what is tapped runs below them. */
const REWRITING: ReadonlySet<OnnxRuntimeOptions['optimization']> = new Set(['extended', 'all']);

/**
 * Opens a model with exact products: as it comes where the processor multiplies exactly by itself. onnxruntime takes AMX processors
 * for ones without VNNI; rewriting a model for those costs the speed of its integers, and onnxruntime refuses some of its own
 * rewriting (QGemm to int8, captures of If).
 */
async function openExact(
  build: OnnxRuntimeBuild,
  model: Model | string,
  { threads = 1, optimization = 'all', exact = true }: OnnxRuntimeOptions,
): Promise<InferenceSession> {
  const options = (precise: boolean): InferenceSession.SessionOptions => ({
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    graphOptimizationLevel: optimization,
    logSeverityLevel: 4,
    extra: { session: { x64quantprecision: precise ? '1' : '0' } },
  });
  const rewrites = exact && REWRITING.has(optimization);
  const isExact = !rewrites || (await multipliesExactly(build, options(false)).catch(() => false));
  return build.open(model, options(!isExact));
}

/** What to say when a build of onnxruntime is not there. */
export function missingBuild(name: string, cause: unknown): SessionError {
  return new SessionError({
    code: 'ORT_MISSING',
    message: `${name} is not installed.`,
    remedy: `Run \`ONNXRUNTIME_NODE_INSTALL=skip npm install ${name}\`, or choose another backend.`,
    cause,
  });
}

function withTaps(source: Model, taps: readonly string[]): Model {
  if (taps.length === 0) return source;
  const model = cloneModel(source);
  for (const name of taps) {
    const value = model.graph.value(name);
    if (!value)
      throw new SessionError({
        code: 'TAP_UNKNOWN',
        where: `value ${name}`,
        message: 'the graph has no such value to tap.',
      });
    if (value.producer && !model.graph.isOutput(value)) model.graph.outputs.push(value);
  }
  return model;
}
