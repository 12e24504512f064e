import type { Model } from '@octavo/core/ir';
import { FileSource } from '../wire/file-source.node.js';
import { type DecodeOptions, decodeModel } from './decode-model.js';
import { externalFolder } from './external-folder.node.js';

/** Model files up to this size are sooner read at once; files of external data may be many. */
const WHOLE_BYTES = 2 ** 22;

/**
 * Reads an ONNX model from a file. Elements of large tensors stay in the file (and in the files of its external data)
 * and are read when they are asked for.
 * @throws FormatError `FILE_UNREADABLE`, `ONNX_*`; GraphError for graphs that are not in SSA form.
 */
export async function loadOnnx(path: string, options: DecodeOptions = {}): Promise<Model> {
  const source = new FileSource(path, path, WHOLE_BYTES);
  return decodeModel(source, { externalData: externalFolder(path), ...options });
}
