export type Mutation = (bytes: Uint8Array, a: number, b: number) => Uint8Array;

/** Ways to damage a file. Each takes the bytes, a position in [0, 1) and a value in [0, 1). */
export const MUTATIONS: Readonly<Record<string, Mutation>> = {
  flip: (bytes, at, value) => edit(bytes, at, (old) => old ^ (1 << Math.floor(value * 8))),
  replace: (bytes, at, value) => edit(bytes, at, () => Math.floor(value * 256)),
  'small value': (bytes, at, value) => edit(bytes, at, () => Math.floor(value * 16)),
  letter: (bytes, at, value) => edit(bytes, at, () => 0x61 + Math.floor(value * 26)),
  inflate: (bytes, at) => edit(bytes, at, () => 0xff),
  'long varint': (bytes, at, value) => {
    const varint = new Uint8Array(1 + Math.floor(value * 10)).fill(0xff);
    return splice(bytes, at, 1, varint);
  },
  truncate: (bytes, at) => bytes.slice(0, Math.floor(at * bytes.length)),
  remove: (bytes, at, value) => splice(bytes, at, 1 + Math.floor(value * 8), new Uint8Array(0)),
  repeat: (bytes, at, value) => {
    const start = Math.floor(at * bytes.length);
    return splice(bytes, at, 0, bytes.slice(start, start + 1 + Math.floor(value * 64)));
  },
};

function edit(bytes: Uint8Array, at: number, change: (old: number) => number): Uint8Array {
  const copy = bytes.slice();
  const index = Math.floor(at * copy.length);
  copy[index] = change(copy[index] ?? 0);
  return copy;
}

function splice(bytes: Uint8Array, at: number, removed: number, added: Uint8Array): Uint8Array {
  const start = Math.floor(at * bytes.length);
  const rest = bytes.slice(start + removed);
  const out = new Uint8Array(start + added.length + rest.length);
  out.set(bytes.subarray(0, start));
  out.set(added, start);
  out.set(rest, start + added.length);
  return out;
}
