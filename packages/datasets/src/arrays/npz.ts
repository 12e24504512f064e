import type { Tensor } from '@octavo/core/tensor';
import { unzipSync, zipSync } from 'fflate';
import { DatasetError } from '../dataset-error.js';
import { decodeNpy, encodeNpy } from './npy.js';

/** Deflate cannot expand more than this; a larger claim is a hostile size that would be allocated at once. */
const LARGEST_EXPANSION = 1032;

/**
 * Reads a .npz archive: its .npy members by name without the extension.
 * @throws DatasetError `DATASET_NPZ` for bytes that are no sound zip archive; as `decodeNpy` for its members.
 */
export function decodeNpz(bytes: Uint8Array, where = 'bytes'): Map<string, Tensor> {
  const members = unzip(bytes, where);
  return new Map(
    Object.entries(members).map(([file, content]) => [
      file.replace(/\.npy$/, ''),
      decodeNpy(content, `${where}:${file}`),
    ]),
  );
}

function unzip(bytes: Uint8Array, where: string): Record<string, Uint8Array> {
  // Members may lie over one another, so that each is possible and all together are not.
  let packed = 0;
  try {
    return unzipSync(bytes, {
      filter: ({ name, size, originalSize }) => {
        packed += size;
        if (originalSize > size * LARGEST_EXPANSION + 1024 || packed > bytes.length) {
          throw new Error(`${name} claims ${originalSize} bytes from ${size}`);
        }
        return name.endsWith('.npy');
      },
    });
  } catch (cause) {
    throw new DatasetError({
      code: 'DATASET_NPZ',
      where,
      message: `it is no sound .npz archive (${cause instanceof Error ? cause.message : String(cause)}).`,
      remedy: 'Write the arrays again with numpy.savez.',
      cause,
    });
  }
}

/** The bytes of an uncompressed .npz archive. Throws as `encodeNpy`. */
export function encodeNpz(arrays: ReadonlyMap<string, Tensor>): Uint8Array {
  const members = [...arrays].map(([name, tensor]) => [`${name}.npy`, encodeNpy(tensor)] as const);
  return zipSync(Object.fromEntries(members), { level: 0, mtime: new Date('1980-01-01T12:00:00Z') });
}
