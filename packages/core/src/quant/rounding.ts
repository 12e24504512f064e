/** Beyond this magnitude a double has no fraction; adding and subtracting it rounds smaller ones to integers. */
const NO_FRACTION = 2 ** 52;

/** Rounds to the nearest integer, ties to even (IEEE 754 roundToIntegralTiesToEven). Exact; keeps -0, NaN, infinities. */
export function roundHalfEven(value: number): number {
  if (value > 0) return value < NO_FRACTION ? value + NO_FRACTION - NO_FRACTION : value;
  if (value < 0) return value > -NO_FRACTION ? -(NO_FRACTION - value - NO_FRACTION) : value;
  return value;
}
