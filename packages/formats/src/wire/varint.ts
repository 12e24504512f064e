/** Bytes of the longest varint. */
export const LONGEST_VARINT = 10;

/** Bytes of a varint from here on have another one behind them. */
export const LONG = 0x80;

/** Where the varint begins that ends before `end`, at the first of the bytes or behind another varint. */
export function startOfVarint(bytes: Uint8Array, end: number): number {
  let at = end - 1;
  while (at > 0 && (bytes[at - 1] ?? 0) >= LONG) at--;
  return at;
}

/**
 * A number from -2^28 to -1, such as the axes of many nodes, whose varint begins at `at`: its low bits in four bytes, then
 * ones up to the longest length. Gives 0 for any other number.
 */
export function smallNegative(bytes: Uint8Array, at: number): number {
  if (bytes[at + LONGEST_VARINT - 1] !== 1) return 0;
  for (let i = 4; i < LONGEST_VARINT - 1; i++) if (bytes[at + i] !== 0xff) return 0;
  let low = 0;
  for (let i = 3; i >= 0; i--) {
    const byte = bytes[at + i] ?? 0;
    if (byte < LONG) return 0;
    low = (low << 7) | (byte - LONG);
  }
  return low - 2 ** 28;
}
