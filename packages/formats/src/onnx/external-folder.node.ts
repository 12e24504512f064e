import { realpathSync } from 'node:fs';
import { dirname, isAbsolute, join, relative, sep } from 'node:path';
import { FormatError } from '../format-error.js';
import { FileSource } from '../wire/file-source.node.js';
import type { ExternalData } from './read-context.js';

/**
 * Opens external data beside a model. Links are followed only inside the model's folder or, when the model is a link
 * itself (as in model caches), into the folder that holds what it links to. Each file is opened once.
 * @throws FormatError `ONNX_EXTERNAL_MISSING`, `ONNX_EXTERNAL_PATH`, `FILE_UNREADABLE`.
 */
export function externalFolder(modelPath: string): ExternalData {
  const open = new Map<string, FileSource>();
  let folders: readonly [string, string] | undefined;
  return (location) => {
    folders ??= [realpathSync(dirname(modelPath)), dirname(realpathSync(modelPath))];
    const path = resolveInside(folders, join(folders[0], location.replaceAll('\\', sep)), modelPath);
    const known = open.get(path);
    if (known) return known;
    const source = new FileSource(path);
    open.set(path, source);
    return source;
  };
}

function resolveInside(folders: readonly string[], location: string, modelPath: string): string {
  let path: string;
  try {
    path = realpathSync(location);
  } catch (cause) {
    throw new FormatError({
      code: 'ONNX_EXTERNAL_MISSING',
      where: modelPath,
      message: `its data file ${location} does not exist.`,
      remedy: 'Keep the data file in the same folder as the model.',
      cause,
    });
  }
  if (folders.some((folder) => isInside(folder, path))) return path;
  throw new FormatError({
    code: 'ONNX_EXTERNAL_PATH',
    where: modelPath,
    message: `its data file ${location} leads out of the model's folder.`,
    remedy: 'Copy the data file into the folder instead of linking to it.',
  });
}

function isInside(folder: string, path: string): boolean {
  const inside = relative(folder, path);
  return inside !== '' && inside !== '..' && !inside.startsWith(`..${sep}`) && !isAbsolute(inside);
}
