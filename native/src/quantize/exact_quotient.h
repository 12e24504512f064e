// Quotients by one number for many, in multiply-adds where a division would take several times as
// long: Markstein, "Computation of elementary functions on the IBM RISC System/6000", 1990, theorem
// 6: where r is 1 / b rounded to nearest and q within a unit in the last place of a / b, then
// q + r (a - b q), each bracket rounded once, is a / b rounded to nearest, unless the digits of b
// are all ones.
#ifndef OCTAVO_SRC_QUANTIZE_EXACT_QUOTIENT_H_
#define OCTAVO_SRC_QUANTIZE_EXACT_QUOTIENT_H_

#include "vector/vector.h"

#if defined(__FMA__)

namespace octavo {
namespace {

// Of numbers no larger than kLargestQuotient times the divisor. What is lower than its negative
// gives a quotient below -kLargestQuotient, or NaN, as NaN does. Quotients below 1/4 may be off by
// some units in the last place: what is left over of the smallest ones is no normal number.
class ExactQuotient {
 public:
  static constexpr float kLargestQuotient = 0x1p18f;

  // Whether nothing that matters overflows or becomes subnormal on the way.
  static bool serves(float divisor) {
    constexpr int32_t kDigits = 0x7FFFFF;
    int32_t bits;
    __builtin_memcpy(&bits, &divisor, sizeof bits);
    return divisor >= 0x1p-60f && divisor <= 0x1p60f && (bits & kDigits) != kDigits;
  }

  OCTAVO_INLINE explicit ExactQuotient(float divisor) : divisor_(splat(divisor)) {
    const double exact = 1.0 / static_cast<double>(divisor);
    const float nearest = static_cast<float>(exact);
    reciprocal_ = splat(nearest);
    rest_ = splat(static_cast<float>(exact - static_cast<double>(nearest)));
  }

  OCTAVO_INLINE F32 operator()(F32 x) const {
    const F32 near = fused(x, reciprocal_, x * rest_);
    return fused(fused(-near, divisor_, x), reciprocal_, near);
  }

 private:
  F32 divisor_, reciprocal_, rest_;
};

}  // namespace
}  // namespace octavo

#endif

#endif  // OCTAVO_SRC_QUANTIZE_EXACT_QUOTIENT_H_
