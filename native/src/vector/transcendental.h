// exp, log, tanh, erf and what follows from them, for vectors. The polynomials are minimax fits of
// this project; the stated bounds hold for every tier and are tested against float64. NaN gives
// NaN.
#ifndef OCTAVO_SRC_VECTOR_TRANSCENDENTAL_H_
#define OCTAVO_SRC_VECTOR_TRANSCENDENTAL_H_

#include "vector/vector.h"

namespace octavo {
namespace {

// Horner's rule; the coefficient of the highest power comes last.
template <size_t kCount>
OCTAVO_INLINE F32 polynomial(F32 x, const float (&coefficients)[kCount]) {
  F32 y = splat(coefficients[kCount - 1]);
  for (size_t i = kCount - 1; i > 0; --i) y = multiply_add(y, x, splat(coefficients[i - 1]));
  return y;
}

// x * 2^n for |n| < 254, in two steps: 2^n itself may be no finite number.
OCTAVO_INLINE F32 scale_by_power(F32 x, I32 n) {
  const I32 half = n >> 1;
  return x * as_float((half + 127) << 23) * as_float((n - half + 127) << 23);
}

// Within 2 ULP, also where the result is subnormal. 2^n e^r with |r| <= log(2) / 2.
OCTAVO_INLINE F32 exp(F32 x) {
  constexpr float kPolynomial[] = {0.49999994f, 0.16666520f, 0.041668404f, 0.0083689f,
                                   0.0013814209f};
  x = clamp(x, splat(-104.0f), splat(89.0f));
  const I32 n = round_to_int(x * splat(1.44269504f));
  F32 r = multiply_add(to_float(n), splat(-0.693359375f), x);
  r = multiply_add(to_float(n), splat(2.12194440e-4f), r);
  const F32 tail = multiply_add(r * r, polynomial(r, kPolynomial), r);
  return scale_by_power(tail + splat(1.0f), n);
}

// The lowest whole number x for which e^x is a normal number.
constexpr float kLowestNormalExponent = -87.0f;

// e^x for x <= 0 that is no NaN, within 2 ULP; 0 below kLowestNormalExponent.
OCTAVO_INLINE F32 exp_of_negative(F32 x) {
  constexpr float kPolynomial[] = {0.49999994f, 0.16666520f, 0.041668404f, 0.0083689f,
                                   0.0013814209f};
  // So large that a sum with it has no fraction: its last bits are then n.
  const F32 shift = splat(12582912.0f);
  const F32 shifted = multiply_add(x, splat(1.44269504f), shift);
  const F32 n = shifted - shift;
  F32 r = multiply_add(n, splat(-0.693359375f), x);
  r = multiply_add(n, splat(2.12194440e-4f), r);
  const F32 y = multiply_add(r * r, polynomial(r, kPolynomial), r) + splat(1.0f);
  const I32 scaled = wrapped_sum(as_int(y), as_int(shifted) << 23);
  return where_at_least(x, splat(kLowestNormalExponent), as_float(scaled));
}

// Within 2 ULP; -inf at zero, NaN below. log(m) + e log(2) with m in [sqrt(1/2), sqrt(2)).
OCTAVO_INLINE F32 log(F32 x) {
  constexpr float kPolynomial[] = {0.33333313f,  -0.2500001f,  0.2000212f,
                                   -0.16667995f, 0.14219543f,  -0.12405597f,
                                   0.11888232f,  -0.11675623f, 0.06746455f};
  const I32 subnormal = x < splat(1.17549435e-38f);
  const F32 scaled = choose(subnormal, x * splat(8388608.0f), x);
  const I32 shifted = difference(as_int(scaled), splat(0x3F3504F3));
  const I32 e = (shifted >> 23) - (subnormal & 23);
  const F32 f = as_float((shifted & 0x007FFFFF) + 0x3F3504F3) - splat(1.0f);
  const F32 square = f * f;
  F32 y = f * square * polynomial(f, kPolynomial);
  y = multiply_add(to_float(e), splat(-2.12194440e-4f), y);
  y = multiply_add(square, splat(-0.5f), y);
  y = multiply_add(to_float(e), splat(0.693359375f), f + y);
  const float infinity = __builtin_inff();
  y = choose(x == splat(0.0f), splat(-infinity), y);
  y = choose(x == splat(infinity), x, y);
  // Below zero, and of NaN itself.
  return choose(x >= splat(0.0f), y, splat(__builtin_nanf("")));
}

// Within 3 ULP.
OCTAVO_INLINE F32 tanh(F32 x) {
  constexpr float kPolynomial[] = {-0.33333282f, 0.13331442f, -0.053739722f, 0.020639107f,
                                   -0.0057050063f};
  const F32 square = x * x;
  const F32 near = multiply_add(x * square, polynomial(square, kPolynomial), x);
  const F32 far = splat(1.0f) - splat(2.0f) / (exp(abs(x) * splat(2.0f)) + splat(1.0f));
  return choose(abs(x) < splat(0.625f), near, with_sign(far, x));
}

// Within 4 ULP, and 1 / (1 + e^-x) itself never overflows.
OCTAVO_INLINE F32 sigmoid(F32 x) { return splat(1.0f) / (splat(1.0f) + exp(-x)); }

// Within 4 ULP. Near zero an odd polynomial, elsewhere 1 - e^p(|x|).
OCTAVO_INLINE F32 erf(F32 x) {
  constexpr float kNear[] = {0.12837917f,   -0.37612626f,   0.11283585f,   -0.026853822f,
                             0.0051883447f, -8.0103311e-4f, 7.8542819e-05f};
  constexpr float kFar[] = {-3.5366152e-4f, -1.1270403f,    -0.63822527f, -0.10303774f,
                            0.021805498f,   -0.0029396536f, 1.8557888e-4f};
  const F32 magnitude = clamp(abs(x), splat(0.0f), splat(4.0f));
  const F32 square = magnitude * magnitude;
  // erf(x) = x + x (p(x^2) - 1): the sum keeps the digits that a leading 1.128 would lose.
  const F32 near = multiply_add(x, polynomial(square, kNear), x);
  const F32 far = splat(1.0f) - exp(polynomial(magnitude, kFar));
  return choose(abs(x) < splat(1.0f), near, with_sign(far, x));
}

// log(1 + e^x) without overflow: absolute error within 2e-7 (1 + |x|).
OCTAVO_INLINE F32 softplus(F32 x) {
  const F32 positive = max(x, splat(0.0f));
  const F32 y = positive + log(splat(1.0f) + exp(-abs(x)));
  return choose(x == x, y, x);
}

}  // namespace
}  // namespace octavo

#endif  // OCTAVO_SRC_VECTOR_TRANSCENDENTAL_H_
