// Ranges of rows of floats, and quantizing a row while the range of another is found: reading one
// leaves the ports free that the other needs.
#ifndef OCTAVO_SRC_QUANTIZE_ROW_KERNELS_H_
#define OCTAVO_SRC_QUANTIZE_ROW_KERNELS_H_

#include "quantize/quantize_run.h"

namespace octavo {
namespace {

// min and max give their second operand where the first is NaN.
template <bool kFromMemory>
void range_of_floats(const float* in, size_t count, float* low, float* high) {
  F32 lows[4], highs[4];
  for (size_t k = 0; k < 4; ++k) {
    lows[k] = splat(*low);
    highs[k] = splat(*high);
  }
  size_t i = 0;
  for (; i + 4 * kLanes <= count; i += 4 * kLanes) {
#pragma GCC unroll 4
    for (size_t k = 0; k < 4; ++k) {
      prefetch_ahead<kFromMemory>(in + i + k * kLanes);
      const F32 x = load<F32>(in + i + k * kLanes);
      lows[k] = min(x, lows[k]);
      highs[k] = max(x, highs[k]);
    }
  }
  for (; i + kLanes <= count; i += kLanes) {
    lows[0] = min(load<F32>(in + i), lows[0]);
    highs[0] = max(load<F32>(in + i), highs[0]);
  }
  for (; i < count; ++i) {
    lows[0] = min(splat(in[i]), lows[0]);
    highs[0] = max(splat(in[i]), highs[0]);
  }
  *low = lowest_lane(min(min(lows[0], lows[1]), min(lows[2], lows[3])));
  *high = highest_lane(max(max(highs[0], highs[1]), max(highs[2], highs[3])));
}

#if defined(__FMA__)

// The range of 0 and of numbers, from their bits: as signed integers these order what is above 0
// and are negative below, and as unsigned ones they order what is below 0, the lowest last. More
// ports compare integers than floats.
class BitRange {
 public:
  OCTAVO_INLINE void add(F32 x) {
    const I32 bits = as_int(x);
    above_ = highest(above_, bits);
    below_ = highest(below_, reinterpret_cast<U32>(bits));
  }

  // Widens *low and *high, between which 0 is; not at all where a NaN was added, which is beyond
  // infinity.
  OCTAVO_INLINE bool widen(float* low, float* high) const {
    constexpr int32_t kInfinity = 0x7F800000;
    constexpr uint32_t kSign = 0x80000000u;
    const int32_t above = highest_lane(above_);
    // The order of unsigned integers is that of signed ones with the top bit flipped.
    const int32_t flipped = highest_lane(reinterpret_cast<I32>(below_ ^ kSign));
    const int32_t below = flipped ^ INT32_MIN;
    if (above > kInfinity || (below < 0 && (below & INT32_MAX) > kInfinity)) return false;
    const float most = as_float(splat(above))[0], least = as_float(splat(below))[0];
    if (above > 0 && most > *high) *high = most;
    if (below < 0 && least < *low) *low = least;
    return true;
  }

 private:
  I32 above_{};
  U32 below_{};
};

template <bool kFromMemory>
OCTAVO_INLINE void add_vectors(BitRange& range, const float* in) {
#pragma GCC unroll 4
  for (size_t k = 0; k < 4; ++k) {
    prefetch_ahead<kFromMemory>(in + k * kLanes);
    range.add(load_once<F32>(in + k * kLanes));
  }
}

OCTAVO_INLINE void add_some(BitRange& range, const float* in, size_t count) {
  for (; count >= kLanes; in += kLanes, count -= kLanes) range.add(load<F32>(in));
  if (count != 0) range.add(load_some<F32>(in, count));
}

template <bool kFromMemory>
void range(const float* in, size_t count, float* low, float* high) {
  BitRange all;
  size_t i = 0;
  for (; i + 4 * kLanes <= count; i += 4 * kLanes) add_vectors<kFromMemory>(all, in + i);
  add_some(all, in + i, count - i);
  if (!all.widen(low, high)) range_of_floats<kFromMemory>(in, count, low, high);
}

// Whole vectors begin with a line of `in`: those in front of it and behind the last overlap others,
// and write the same there once more.
template <bool kFromMemory>
void quantize_row(const float* in, const RowParameters& by, size_t count, uint8_t* out,
                  const float* ahead, float* low, float* high) {
  constexpr size_t kStep = kAtOnce<uint8_t>;
  if (count < kStep || !ExactQuotient::serves(by.scale)) {
    quantize<kFromMemory, uint8_t>(in, {&by.scale, &by.zero_point, 0}, count, out);
    return range<kFromMemory>(ahead, count, low, high);
  }
  const QuickQuantizer<uint8_t, true> to(ExactQuotient(by.reciprocal, by.rest), by.scale,
                                         by.zero_point);
  BitRange all;
  const auto step = [&](size_t i) OCTAVO_LAMBDA_INLINE {
    quantize_vector<false>(to, in + i, out + i);
    add_vectors<kFromMemory>(all, ahead + i);
  };
  const size_t before =
      -reinterpret_cast<uintptr_t>(in) % OCTAVO_VECTOR_BYTES / sizeof(float);
  size_t i = 0;
  if (before != 0) {
    step(0);
    i = before;
  }
  for (; i + kStep <= count; i += kStep) step(i);
  if (i != count) step(count - kStep);
  if (!all.widen(low, high)) range_of_floats<kFromMemory>(ahead, count, low, high);
}

#else

template <bool kFromMemory>
void range(const float* in, size_t count, float* low, float* high) {
  range_of_floats<kFromMemory>(in, count, low, high);
}

template <bool kFromMemory>
void quantize_row(const float* in, const RowParameters& by, size_t count, uint8_t* out,
                  const float* ahead, float* low, float* high) {
  quantize<kFromMemory, uint8_t>(in, {&by.scale, &by.zero_point, 0}, count, out);
  range<kFromMemory>(ahead, count, low, high);
}

#endif

}  // namespace
}  // namespace octavo

#endif  // OCTAVO_SRC_QUANTIZE_ROW_KERNELS_H_
