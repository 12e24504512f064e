/** The document as JSON text. JSON has no infinities and no NaN: they become strings and null. */
export function toJson(document: object): string {
  return `${JSON.stringify(document, replaceNonFinite, 2)}\n`;
}

/** The same on one line. */
export function compactJson(document: object): string {
  return JSON.stringify(document, replaceNonFinite);
}

function replaceNonFinite(_: string, value: unknown): unknown {
  if (typeof value !== 'number' || Number.isFinite(value)) return value;
  if (Number.isNaN(value)) return null;
  return value > 0 ? 'Infinity' : '-Infinity';
}
