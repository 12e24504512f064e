/** Beyond this magnitude a double has no fraction; adding and subtracting it rounds smaller ones to integers. */
const NO_FRACTION = 2 ** 52;

/** Rounds to the nearest integer, ties to even (IEEE 754 roundToIntegralTiesToEven). Exact; keeps -0, NaN, infinities. */
export function roundHalfEven(value: number): number {
  if (value > 0) return value < NO_FRACTION ? value + NO_FRACTION - NO_FRACTION : value;
  if (value < 0) return value > -NO_FRACTION ? -(NO_FRACTION - value - NO_FRACTION) : value;
  return value;
}

/** Adding it leaves a double no fraction bits, for summands of either sign up to a third of it. */
const ROUNDER = 1.5 * 2 ** 52;

/** {@link roundHalfEven} without branches, for magnitudes up to 2^51 only; gives 0 for -0. For loops over elements. */
export function roundSmall(value: number): number {
  return value + ROUNDER - ROUNDER;
}
