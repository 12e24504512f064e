import type { Encodable } from '../wire/encode-message.js';
import type { EntryProto } from './schema.js';

const NO_ENTRIES: ReadonlyMap<string, string> = new Map();

/** `metadata_props` as a map; a later entry replaces an earlier one of the same key. */
export function readEntries(protos: readonly EntryProto[]): ReadonlyMap<string, string> {
  if (protos.length === 0) return NO_ENTRIES;
  const entries = new Map<string, string>();
  for (const { key = '', value = '' } of protos) entries.set(key, value);
  return entries;
}

export function entryProtos(entries: ReadonlyMap<string, string>): Encodable<EntryProto>[] {
  return [...entries].map(([key, value]) => ({ key, value }));
}
