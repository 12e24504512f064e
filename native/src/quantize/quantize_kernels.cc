#include "quantize/quantize_kernels.h"

#include "quantize/byte_lookup.h"
#include "quantize/exact_quotient.h"
#include "quantize/half_vector.h"
#include "quantize/nibbles.h"
#include "vector/narrow.h"

namespace octavo {
namespace {

template <typename T>
constexpr int32_t kLowest = static_cast<T>(-1) < 0 ? -(1 << (8 * sizeof(T) - 1)) : 0;
template <typename T>
constexpr int32_t kHighest = kLowest<T> + (1 << (8 * sizeof(T))) - 1;

// Limits are integers and rounding is monotonic, so clamping first gives the same result.
template <typename T>
struct Quantizer {
  F32 scale, low, high;
  I32 zero_point;

  OCTAVO_INLINE Quantizer(F32 by, I32 zero)
      : scale(by),
        low(to_float(kLowest<T> - zero)),
        high(to_float(kHighest<T> - zero)),
        zero_point(zero) {}
  OCTAVO_INLINE I32 operator()(F32 x) const {
    return round_to_int(min(max(x / scale, low), high)) + zero_point;
  }
};

template <size_t kStep, typename T>
OCTAVO_INLINE Quantizer<T> quantizer_at(const QuantizationRun& by, size_t i) {
  if constexpr (kStep == 0) return {splat(*by.scales), splat(*by.zero_points)};
  return {load<F32>(by.scales + i), load<I32>(by.zero_points + i)};
}

OCTAVO_INLINE void store_lanes(uint8_t* out, I32 y) { store_narrow(out, y); }
OCTAVO_INLINE void store_lanes(int8_t* out, I32 y) {
  store_narrow(reinterpret_cast<uint8_t*>(out), y);
}
OCTAVO_INLINE void store_lanes(uint16_t* out, I32 y) { store_narrow(out, y); }
OCTAVO_INLINE void store_lanes(int16_t* out, I32 y) {
  store_narrow(reinterpret_cast<uint16_t*>(out), y);
}

#if defined(__FMA__)

// The same without a division. Limits of the numbers are far outside of those of the integers.
template <typename T>
struct QuickQuantizer {
  ExactQuotient quotient;
  F32 low, high;
  I32 zero_point;

  OCTAVO_INLINE QuickQuantizer(float scale, int32_t zero)
      : quotient(scale),
        low(splat(-ExactQuotient::kLargestQuotient * scale)),
        high(splat(ExactQuotient::kLargestQuotient * scale)),
        zero_point(splat(zero)) {}
  // Before the zero point is added. What is too low, or NaN, becomes the smallest integer there is
  // or another far below 0, to which no zero point below 0 can be added where it is not saturated
  // first (store_saturated): there NaN becomes the lower limit.
  OCTAVO_INLINE I32 operator()(F32 x) const {
    constexpr bool kLimited = kLowest<T> < 0 && sizeof(T) > 1;
    return round_to_int(quotient(min(high, kLimited ? max(x, low) : x)));
  }
};

// As many numbers as fill a vector of integers.
template <typename T>
constexpr size_t kAtOnce = OCTAVO_VECTOR_BYTES / sizeof(T);

template <bool kFromMemory, typename T>
OCTAVO_INLINE void quantize_vector(const QuickQuantizer<T>& to, const float* in, T* out) {
  I32 integers[kAtOnce<T> / kLanes];
#pragma GCC unroll 4
  for (size_t k = 0; k < kAtOnce<T> / kLanes; ++k) {
    prefetch_ahead<kFromMemory>(in + k * kLanes);
    integers[k] = to(load<F32>(in + k * kLanes));
  }
  store_saturated(out, integers, to.zero_point);
}

// Returns whether the scale was one that serves.
template <bool kFromMemory, typename T>
bool quantize_quickly(const float* in, const QuantizationRun& by, size_t count, T* out) {
  if (!ExactQuotient::serves(*by.scales)) return false;
  const QuickQuantizer<T> to(*by.scales, *by.zero_points);
  size_t i = 0;
  for (; i + kAtOnce<T> <= count; i += kAtOnce<T>) {
    quantize_vector<kFromMemory>(to, in + i, out + i);
  }
  if (i == count) return true;
  float rest[kAtOnce<T>] = {};
  T integers[kAtOnce<T>];
  __builtin_memcpy(rest, in + i, (count - i) * sizeof(float));
  quantize_vector<false>(to, rest, integers);
  __builtin_memcpy(out + i, integers, (count - i) * sizeof(T));
  return true;
}

#else

template <bool kFromMemory, typename T>
bool quantize_quickly(const float*, const QuantizationRun&, size_t, T*) {
  return false;
}

#endif

template <bool kFromMemory, size_t kStep, typename T>
void quantize_steps(const float* in, const QuantizationRun& by, size_t count, T* out) {
  if (kStep == 0 && quantize_quickly<kFromMemory>(in, by, count, out)) return;
  size_t i = 0;
  for (; i + kLanes <= count; i += kLanes) {
    store_lanes(out + i, quantizer_at<kStep, T>(by, i)(load<F32>(in + i)));
  }
  for (; i < count; ++i) {
    const size_t k = kStep * i;
    const Quantizer<T> to(splat(by.scales[k]), splat(by.zero_points[k]));
    out[i] = static_cast<T>(to(splat(in[i]))[0]);
  }
}

template <bool kFromMemory, typename T>
void quantize(const float* in, const QuantizationRun& by, size_t count, T* out) {
  return by.step == 0 ? quantize_steps<kFromMemory, 0, T>(in, by, count, out)
                      : quantize_steps<kFromMemory, 1, T>(in, by, count, out);
}

OCTAVO_INLINE I32 load_lanes(const int32_t* from) { return load<I32>(from); }
template <typename T>
OCTAVO_INLINE I32 load_lanes(const T* from) {
  return load_wide(from);
}

template <bool kFromMemory, size_t kStep, typename T>
void dequantize_steps(const T* in, const QuantizationRun& by, size_t count, float* out) {
  const F32 scale = splat(*by.scales);
  const I32 zero_point = splat(*by.zero_points);
  size_t i = 0;
  for (; i + kLanes <= count; i += kLanes) {
    prefetch_ahead<kFromMemory>(in + i);
    const I32 zero = kStep == 0 ? zero_point : load<I32>(by.zero_points + i);
    const F32 factor = kStep == 0 ? scale : load<F32>(by.scales + i);
    store(out + i, to_float(difference(load_lanes(in + i), zero)) * factor);
  }
  for (; i < count; ++i) {
    const I32 q = difference(splat(static_cast<int32_t>(in[i])), splat(by.zero_points[kStep * i]));
    out[i] = static_cast<float>(q[0]) * by.scales[kStep * i];
  }
}

template <bool kFromMemory, typename T>
void dequantize(const T* in, const QuantizationRun& by, size_t count, float* out) {
  if (count == 0) return;
  return by.step == 0 ? dequantize_steps<kFromMemory, 0, T>(in, by, count, out)
                      : dequantize_steps<kFromMemory, 1, T>(in, by, count, out);
}

// min and max give their second operand where the first is NaN.
template <bool kFromMemory>
void range(const float* in, size_t count, float* low, float* high) {
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

template <bool kFromMemory>
constexpr QuantizeKernels kKernels = {
    quantize<kFromMemory, uint8_t>,    quantize<kFromMemory, int8_t>,
    quantize<kFromMemory, uint16_t>,   quantize<kFromMemory, int16_t>,
    dequantize<kFromMemory, uint8_t>,  dequantize<kFromMemory, int8_t>,
    dequantize<kFromMemory, uint16_t>, dequantize<kFromMemory, int16_t>,
    dequantize<kFromMemory, int32_t>,  range<kFromMemory>,
    floats_to_halves<kFromMemory>,     floats_to_bfloats<kFromMemory>,
    halves_to_floats<kFromMemory>,     bfloats_to_floats<kFromMemory>,
    look_up_bytes,                     unpack_nibbles<kFromMemory>,
    stream_nibbles<kFromMemory>,       pack_nibbles<kFromMemory>};

}  // namespace

const QuantizeTier OCTAVO_TIERED(quantize) = {kKernels<false>, kKernels<true>};

}  // namespace octavo
