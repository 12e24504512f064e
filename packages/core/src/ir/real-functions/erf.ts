/**
 * The error function, to within a few units of float64's last place, by its Kummer series
 * `2 / sqrt(pi) * exp(-x^2) * sum 2^n x^(2n+1) / (2n+1)!!` (Abramowitz and Stegun 7.1.6), whose terms have one sign.
 */
export function erf(x: number): number {
  if (Number.isNaN(x)) return x;
  if (Math.abs(x) >= 6) return Math.sign(x);
  let term = x;
  let sum = x;
  for (let n = 1; Math.abs(term) > Math.abs(sum) * 2 ** -54; n++) {
    term *= (2 * x * x) / (2 * n + 1);
    sum += term;
  }
  return (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x) * sum;
}
