import type { Model } from '@octavo/core/ir';
import { FileSource } from '../wire/file-source.node.js';
import { type DecodeOptions, decodeModel } from './decode-model.js';
import { externalFolder } from './external-folder.node.js';

/**
 * Reads an ONNX model from a file. Elements of large tensors stay in the file (and in the files of its external data)
 * and are read when they are asked for.
 * @throws FormatError `FILE_UNREADABLE`, `ONNX_*`; GraphError for graphs that are not in SSA form.
 */
export async function loadOnnx(path: string, options: DecodeOptions = {}): Promise<Model> {
  const source = new FileSource(path);
  return decodeModel(source, { externalData: externalFolder(path), ...options });
}
