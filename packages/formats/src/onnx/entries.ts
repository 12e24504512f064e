import type { Encodable } from '../wire/encode-message.js';
import type { EntryProto } from './schema.js';

/** `metadata_props` as a map; a later entry replaces an earlier one of the same key. */
export function readEntries(protos: readonly EntryProto[]): Map<string, string> {
  return new Map(protos.map((entry) => [entry.key ?? '', entry.value ?? '']));
}

export function entryProtos(entries: ReadonlyMap<string, string>): Encodable<EntryProto>[] {
  return [...entries].map(([key, value]) => ({ key, value }));
}
