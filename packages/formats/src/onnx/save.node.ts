import { rm } from 'node:fs/promises';
import { basename } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import type { Model } from '@octavo/core/ir';
import type { Encoded } from '../wire/encode-message.js';
import { StagedFile } from '../wire/staged-file.node.js';
import { LARGEST_MODEL_BYTES, layOutModel, tooLarge } from './encode-model.js';
import { ExternalPlan } from './external-plan.js';
import { refuseSources } from './source-files.node.js';

export interface SaveOptions {
  /** Whether tensors go to `<path>.data`: when the model would pass 2 GiB (`auto`, the default), always or never. */
  readonly externalData?: 'auto' | 'always' | 'never' | undefined;
  /** Smallest tensor, in bytes, that goes to the data file (default 1024). */
  readonly externalThreshold?: number | undefined;
  /** Files that the model was made from: they are never overwritten. */
  readonly inputs?: readonly string[] | undefined;
  /** Stops writing and removes what was written so far. */
  readonly signal?: AbortSignal | undefined;
}

const DEFAULT_THRESHOLD = 1024;

/**
 * Writes an ONNX model, reading its tensors one after another. Both files get their names when they are complete, the
 * data file first; on any error nothing is left behind.
 * @throws FormatError `OUTPUT_IS_INPUT`, `FILE_UNWRITABLE`, `ONNX_TOO_LARGE`, `ONNX_QUANTIZED_VALUE`; GraphError; the
 * signal's reason.
 */
export async function saveOnnx(model: Model, path: string, options: SaveOptions = {}): Promise<void> {
  const { encoded, plan } = layOut(model, path, options);
  const dataPath = `${path}.data`;
  refuseSources(model, plan ? [path, dataPath] : [path], options.inputs ?? []);
  options.signal?.throwIfAborted();
  const staged: StagedFile[] = [];
  let renamed = 0;
  try {
    if (plan) {
      const data = StagedFile.create(dataPath, options.signal);
      staged.push(data);
      await writeData(plan, data);
    }
    const file = StagedFile.create(path, options.signal);
    staged.push(file);
    for (const part of encoded.parts) await file.append(part);
    file.close();
    // Small files are written without a turn of the event loop: an interruption that came meanwhile is heard here.
    await setImmediate();
    for (; renamed < staged.length; renamed++) staged[renamed]?.commit();
  } catch (error) {
    for (const file of staged.slice(renamed)) file.discard();
    if (renamed > 0) await rm(dataPath, { force: true });
    throw error;
  }
}

interface Layout {
  readonly encoded: Encoded;
  readonly plan: ExternalPlan | undefined;
}

function layOut(model: Model, path: string, options: SaveOptions): Layout {
  const choice = options.externalData ?? 'auto';
  if (choice !== 'always') {
    const encoded = layOutModel(model);
    if (encoded.length <= LARGEST_MODEL_BYTES) return { encoded, plan: undefined };
    if (choice === 'never') throw tooLarge(encoded.length);
  }
  const plan = new ExternalPlan(`${basename(path)}.data`, options.externalThreshold ?? DEFAULT_THRESHOLD);
  const encoded = layOutModel(model, plan.place);
  if (encoded.length > LARGEST_MODEL_BYTES) throw tooLarge(encoded.length);
  return { encoded, plan: plan.byteLength > 0 ? plan : undefined };
}

async function writeData(plan: ExternalPlan, file: StagedFile): Promise<void> {
  for (const [storage, offset] of plan.entries) {
    await file.padTo(offset);
    await file.append(storage);
  }
  file.close();
}
