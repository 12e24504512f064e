import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Model } from '@octavo/core/ir';
import { encodeModel, saveOnnx } from '@octavo/formats/node';
import type { Session } from '../session.js';
import { missingBuild, type OnnxRuntimeBuild, openOnBuild } from './open.js';
import type { OnnxRuntimeOptions } from './options.js';

/**
 * Runs a model on onnxruntime-node (an optional peer) behind the Session interface.
 * @param source A model in memory, or the path of a file (read by onnxruntime itself, external data included).
 * @throws SessionError `ORT_MISSING` when the package is not installed, `ORT_LOAD` when it refuses the model, `TAP_UNKNOWN`
 *   for a tap that names no value, `ORT_TAPS` for taps of a path. Errors of a model begin with its path.
 */
export function createOnnxRuntimeSession(
  source: Model | string,
  options: OnnxRuntimeOptions = {},
): Promise<Session> {
  return openOnBuild(source, options, nodeBuild);
}

async function nodeBuild(): Promise<OnnxRuntimeBuild> {
  const ort = await import('onnxruntime-node').catch((error: unknown) => {
    throw missingBuild('onnxruntime-node', error);
  });
  return {
    tensor: ort.Tensor,
    open: (source, options) =>
      withModelFile(source, (target) =>
        typeof target === 'string'
          ? ort.InferenceSession.create(target, options)
          : ort.InferenceSession.create(target, options),
      ),
  };
}

/**
 * Hands a model over as a path or as bytes: tensors that are not in memory go through a temporary file, which is
 * removed as soon as onnxruntime has read it.
 */
async function withModelFile<T>(
  model: Model | string,
  open: (target: string | Uint8Array) => Promise<T>,
): Promise<T> {
  if (typeof model === 'string') return open(model);
  if (model.graph.initializers.every((value) => value.constant?.storage.resident))
    return open(encodeModel(model));
  const folder = await mkdtemp(join(tmpdir(), 'octavo-'));
  try {
    const path = join(folder, 'model.onnx');
    await saveOnnx(model, path);
    return await open(path);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
