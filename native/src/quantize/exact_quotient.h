// Quotients by one number for many, in a product and a multiply-add where a division would take
// several times as long, as Brisebarre, Muller and Raina, "Accelerating correctly rounded
// floating-point division when the divisor is known in advance", 2004: the reciprocal is kept to
// twice the digits, so that what is rounded once at the end is off by less than 2^-47 of it.
#ifndef OCTAVO_SRC_QUANTIZE_EXACT_QUOTIENT_H_
#define OCTAVO_SRC_QUANTIZE_EXACT_QUOTIENT_H_

#include "quantize/split_reciprocal.h"
#include "vector/vector.h"

#if defined(__FMA__)

namespace octavo {
namespace {

// Rounds to the integers that the quotients rounded to nearest do, those up to 2^16 in magnitude.
// What is beyond kLargestQuotient times the divisor, on either side, gives a quotient that is no
// nearer to 0 than kLargestQuotient, on the same side, or one that is no number, as NaN does.
//
// For the two to differ, a quotient would have to lie within 2^-47 of itself beside the middle of
// two neighbours of which one is a tie of integers. With B the 24 digits of the divisor and
// M = T 2^k +- 1 those of the middle, T those of the tie and k >= 8, the dividend's digits A are
// then such that A 2^24 = M B + j or A 2^25 = M B + j for one of j = +-1, +-2, +-3: the last 8
// digits of B are those of one of these. Tried out for all such B and all ties, it happens only
// where they are all ones.
class ExactQuotient {
 public:
  static constexpr float kLargestQuotient = 0x1p18f;

  // Whether nothing that matters overflows or becomes subnormal on the way, and the last digits are
  // not all ones.
  static bool serves(float divisor) {
    constexpr int32_t kLastDigits = 0xFF;
    int32_t bits;
    __builtin_memcpy(&bits, &divisor, sizeof bits);
    return divisor >= 0x1p-60f && divisor <= 0x1p60f && (bits & kLastDigits) != kLastDigits;
  }

  // From the parts of a SplitReciprocal.
  OCTAVO_INLINE ExactQuotient(float nearest, float rest)
      : reciprocal_(splat(nearest)), rest_(splat(rest)) {}
  OCTAVO_INLINE explicit ExactQuotient(const SplitReciprocal& by)
      : ExactQuotient(by.nearest, by.rest) {}
  OCTAVO_INLINE explicit ExactQuotient(float divisor) : ExactQuotient(SplitReciprocal(divisor)) {}

  OCTAVO_INLINE F32 operator()(F32 x) const { return fused(x, reciprocal_, x * rest_); }

 private:
  F32 reciprocal_, rest_;
};

}  // namespace
}  // namespace octavo

#endif

#endif  // OCTAVO_SRC_QUANTIZE_EXACT_QUOTIENT_H_
