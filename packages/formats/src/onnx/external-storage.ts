import type { Storage } from '@octavo/core/tensor';
import { SourceStorage } from '../wire/byte-source.js';
import { type ReadContext, readError } from './read-context.js';
import type { TensorProto } from './tensor-schema.js';

/**
 * The part of another file that holds a tensor's elements.
 * @param needed Length in bytes that dtype and shape ask for; used when the file gives none.
 * @throws FormatError `ONNX_EXTERNAL_DATA`, `ONNX_EXTERNAL_PATH`, `ONNX_EXTERNAL_RANGE`.
 */
export function externalStorage(
  context: Pick<ReadContext, 'source' | 'externalData'>,
  proto: TensorProto,
  needed: number,
  place: string,
): Storage {
  const entries = new Map(proto.externalData.map((entry) => [entry.key ?? '', entry.value ?? '']));
  const location = entries.get('location');
  if (!location)
    throw readError(context, 'ONNX_EXTERNAL_DATA', place, 'its external data names no location.');
  checkLocation(context, location, place);
  if (!context.externalData) {
    const remedy = 'Load the model from its path, or pass `externalData`.';
    throw readError(context, 'ONNX_EXTERNAL_DATA', place, `its elements lie in ${location}.`, remedy);
  }
  const source = context.externalData(location);
  const offset = readCount(entries.get('offset'), 0);
  const length = readCount(entries.get('length'), needed);
  if (offset === undefined || length === undefined || offset + length > source.byteLength) {
    const found = `offset ${entries.get('offset') ?? 0}, length ${entries.get('length') ?? needed}`;
    const message = `${found} is outside the ${source.byteLength} bytes of ${location}.`;
    const remedy = 'The data file belongs to another model or is cut off: export both again.';
    throw readError(context, 'ONNX_EXTERNAL_RANGE', place, message, remedy);
  }
  return new SourceStorage(source, offset, length);
}

/** Locations are relative, with forward or backward slashes, and never climb. */
function checkLocation(context: Pick<ReadContext, 'source'>, location: string, place: string): void {
  const parts = location.split(/[\\/]/);
  const absolute = parts[0] === '' || /^[A-Za-z]:/.test(location);
  if (!absolute && !parts.includes('..') && !location.includes('\0')) return;
  const message = `its external data lies at ${JSON.stringify(location)}; only paths inside the model's folder are read.`;
  throw readError(
    context,
    'ONNX_EXTERNAL_PATH',
    place,
    message,
    'Do not open models from sources you do not trust.',
  );
}

function readCount(text: string | undefined, fallback: number): number | undefined {
  if (text === undefined || text === '') return fallback;
  if (!/^\d{1,16}$/.test(text)) return undefined;
  const value = Number(text);
  return Number.isSafeInteger(value) ? value : undefined;
}
