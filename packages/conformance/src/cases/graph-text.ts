/** Lines of a graph in ONNX's newest op set that Octavo writes, with onnxruntime's own ops. */
export function graphText(...lines: readonly string[]): string {
  return `graph opset 21, com.microsoft 1 {\n  ${lines.join('\n  ')}\n}`;
}

/** The type of a quantized value in text form: per tensor where one scale is given, else along `axis`. */
export function quantizedText(
  dtype: string,
  shape: string,
  scale: number | readonly number[],
  zero: number | readonly number[],
  axis = 0,
): string {
  const scales = typeof scale === 'number' ? [scale] : scale;
  if (scales.length === 1) return `${dtype}[${shape}] quantized(scale ${scales[0]}, zero ${zero})`;
  const zeros = typeof zero === 'number' ? scales.map(() => zero) : zero;
  return `${dtype}[${shape}] quantized(scale [${scales.join(', ')}], zero [${zeros.join(', ')}], axis ${axis})`;
}

/** `count` different scales around `middle`. */
export function scalesAround(middle: number, count: number): number[] {
  return Array.from({ length: count }, (_, i) => Math.fround(middle * (0.5 + ((i * 7) % 11) / 11)));
}

/** Typical standard deviation of 8-bit integers around their zero point. */
const SPREAD = 74;

/** An output scale that spreads sums of `terms` products over the range of 8 bits, with some saturation. */
export function productScale(xScale: number, wScale: number, terms: number): number {
  return Math.fround((xScale * wScale * SPREAD * SPREAD * Math.sqrt(terms)) / 50);
}
