import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Graph, Model } from '@octavo/core/ir';
import { loadOnnx, saveOnnx } from '@octavo/formats/node';
import * as ort from 'onnxruntime-node';

/** The graph that onnxruntime makes of a model before it chooses layouts: which nodes it computes in integers. */
export async function optimizedByOnnxRuntime(model: Model): Promise<Graph> {
  const folder = await mkdtemp(join(tmpdir(), 'octavo-'));
  try {
    const optimizedModelFilePath = join(folder, 'optimized.onnx');
    const path = join(folder, 'model.onnx');
    await saveOnnx(model, path);
    const session = await ort.InferenceSession.create(path, {
      graphOptimizationLevel: 'extended',
      optimizedModelFilePath,
      logSeverityLevel: 4,
    });
    await session.release();
    return (await loadOnnx(optimizedModelFilePath)).graph;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
