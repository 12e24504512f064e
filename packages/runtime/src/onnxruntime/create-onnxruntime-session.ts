import type { Model } from '@octavo/core/ir';
import { encodeModel } from '@octavo/formats';
import type { Session } from '../session.js';
import { SessionError } from '../session-error.js';
import { missingBuild, type OnnxRuntimeBuild, openOnBuild } from './open.js';
import type { OnnxRuntimeOptions } from './options.js';

/**
 * Runs a model on onnxruntime-web (an optional peer) behind the Session interface.
 * @param source A model in memory with its weights, or the URL of a file.
 * @throws SessionError `ORT_MISSING` when the package is not installed, `ORT_LOAD` when it refuses the model, `TAP_UNKNOWN`
 *   for a tap that names no value, `ORT_TAPS` for taps of a URL, `ORT_WEIGHTS` when weights are not in memory. Errors of a
 *   model begin with its URL.
 */
export function createOnnxRuntimeSession(
  source: Model | string,
  options: OnnxRuntimeOptions = {},
): Promise<Session> {
  return openOnBuild(source, options, webBuild);
}

async function webBuild(): Promise<OnnxRuntimeBuild> {
  const ort = await import('onnxruntime-web').catch((error: unknown) => {
    throw missingBuild('onnxruntime-web', error);
  });
  return {
    tensor: ort.Tensor,
    open: (source, options) =>
      typeof source === 'string'
        ? ort.InferenceSession.create(source, options)
        : ort.InferenceSession.create(bytesOf(source), options),
  };
}

function bytesOf(model: Model): Uint8Array {
  const away = model.graph.initializers.find((value) => !value.constant?.storage.resident);
  if (!away) return encodeModel(model);
  throw new SessionError({
    code: 'ORT_WEIGHTS',
    where: `value ${away.name}`,
    message: 'onnxruntime-web takes models whose weights are in memory.',
    remedy: 'Decode the model from its bytes.',
  });
}
