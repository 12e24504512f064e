// Quantizing by one scale, without divisions.
#ifndef OCTAVO_SRC_QUANTIZE_QUICK_QUANTIZER_H_
#define OCTAVO_SRC_QUANTIZE_QUICK_QUANTIZER_H_

#include "quantize/exact_quotient.h"
#include "vector/store_saturated.h"

#if defined(__FMA__)

namespace octavo {
namespace {

template <typename T>
constexpr bool kIsSigned = static_cast<T>(-1) < 0;

// Limits of the numbers are far outside of those of the integers. With kInRange the caller knows
// that no number is beyond them, or sees what becomes of those that are.
template <typename T, bool kInRange>
struct QuickQuantizer {
  ExactQuotient quotient;
  F32 low, high;
  I32 zero_point;

  OCTAVO_INLINE QuickQuantizer(float scale, int32_t zero)
      : QuickQuantizer(ExactQuotient(scale), scale, zero) {}
  OCTAVO_INLINE QuickQuantizer(const ExactQuotient& by, float scale, int32_t zero)
      : quotient(by),
        low(splat(-ExactQuotient::kLargestQuotient * scale)),
        high(splat(ExactQuotient::kLargestQuotient * scale)),
        zero_point(splat(zero)) {}
  template <bool kOther>
  OCTAVO_INLINE explicit QuickQuantizer(const QuickQuantizer<T, kOther>& to)
      : quotient(to.quotient), low(to.low), high(to.high), zero_point(to.zero_point) {}
  // Before the zero point is added. What is too low, or NaN, becomes the smallest integer there is
  // or another far below 0, to which no zero point below 0 can be added where it is not saturated
  // first (store_saturated): there NaN becomes the lower limit.
  OCTAVO_INLINE I32 operator()(F32 x) const {
    if (kInRange) return round_to_int(quotient(x));
    constexpr bool kLimited = kIsSigned<T> && sizeof(T) > 1;
    return round_to_int(quotient(min(high, kLimited ? max(x, low) : x)));
  }
};

// As many numbers as fill a vector of integers.
template <typename T>
constexpr size_t kAtOnce = OCTAVO_VECTOR_BYTES / sizeof(T);

// Returns what store_saturated does.
template <bool kFromMemory, typename T, bool kInRange>
OCTAVO_INLINE auto quantize_vector(const QuickQuantizer<T, kInRange>& to, const float* in, T* out) {
  I32 integers[kAtOnce<T> / kLanes];
#pragma GCC unroll 4
  for (size_t k = 0; k < kAtOnce<T> / kLanes; ++k) {
    prefetch_ahead<kFromMemory>(in + k * kLanes);
    integers[k] = to(load_once<F32>(in + k * kLanes));
  }
  return store_saturated(out, integers, to.zero_point);
}

// Whether what is beyond the limits, or NaN, makes a lowest word: it becomes the smallest integer,
// which zero points below 0 may only be added to after it is one.
template <typename T>
OCTAVO_INLINE bool shows_limits(int32_t zero_point) {
  return sizeof(T) == 1 || (kIsSigned<T> && zero_point >= 0);
}

// Vectors as if they were in range, and once more where a lowest word says that one may not have
// been: limits are on ports that quotients need. Returns how many elements it took.
template <bool kFromMemory, typename T>
OCTAVO_INLINE size_t quantize_blocks(const QuickQuantizer<T, false>& to, const float* in,
                                     size_t count, T* out) {
  constexpr size_t kBlock = 4 * kAtOnce<T>;
  const QuickQuantizer<T, true> in_range(to);
  size_t i = 0;
  for (; i + kBlock <= count; i += kBlock) {
    auto words = quantize_vector<kFromMemory>(in_range, in + i, out + i);
#pragma GCC unroll 4
    for (size_t k = i + kAtOnce<T>; k < i + kBlock; k += kAtOnce<T>) {
      words = lowest(words, quantize_vector<kFromMemory>(in_range, in + k, out + k));
    }
    if (!any_is_lowest(words)) continue;
    for (size_t k = i; k < i + kBlock; k += kAtOnce<T>) {
      quantize_vector<false>(to, in + k, out + k);
    }
  }
  return i;
}

// Fewer than fill a vector.
template <typename T, bool kInRange>
OCTAVO_INLINE void quantize_some(const QuickQuantizer<T, kInRange>& to, const float* in,
                                 size_t count, T* out) {
  float rest[kAtOnce<T>] = {};
  T integers[kAtOnce<T>];
  __builtin_memcpy(rest, in, count * sizeof(float));
  quantize_vector<false>(to, rest, integers);
  __builtin_memcpy(out, integers, count * sizeof(T));
}

}  // namespace
}  // namespace octavo

#endif

#endif  // OCTAVO_SRC_QUANTIZE_QUICK_QUANTIZER_H_
