/** Formats for people; the same in the printed tables and in the HTML page. */

/** A fraction as percent: 0.1059 gives `10.59%`. */
export function percent(fraction: number): string {
  return `${(100 * fraction).toFixed(2)}%`;
}

/** A change as percent, with its sign. */
export function signedPercent(fraction: number): string {
  return `${fraction < 0 ? '' : '+'}${percent(fraction)}`;
}

/** A file size. */
export function kilobytes(bytes: number): string {
  return `${(bytes / 1000).toFixed(1)} KB`;
}

/** A duration given in microseconds. */
export function duration(microseconds: number): string {
  return microseconds < 1000 ? `${microseconds.toFixed(1)} µs` : `${(microseconds / 1000).toFixed(2)} ms`;
}

/** Nodes by backend: `cpu 4, reference 5`. */
export function nodeCounts(nodes: Readonly<Record<string, number>>): string {
  return Object.entries(nodes)
    .map(([backend, count]) => `${backend} ${count}`)
    .join(', ');
}

/** How many times smaller the INT8 file is. */
export function sizeRatio({ float, int8 }: { readonly float: number; readonly int8: number }): string {
  return `${(float / int8).toFixed(2)}x`;
}
