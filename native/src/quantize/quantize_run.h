// Quantizing elements by one scale and zero point for all, or one for each.
#ifndef OCTAVO_SRC_QUANTIZE_QUANTIZE_RUN_H_
#define OCTAVO_SRC_QUANTIZE_QUANTIZE_RUN_H_

#include "quantize/quantize_kernels.h"
#include "quantize/quick_quantizer.h"
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

// Returns whether the scale was one that serves.
template <bool kFromMemory, typename T>
bool quantize_quickly(const float* in, const QuantizationRun& by, size_t count, T* out) {
  if (!ExactQuotient::serves(*by.scales)) return false;
  const QuickQuantizer<T, false> to(*by.scales, *by.zero_points);
  size_t i = 0;
  if (shows_limits<T>(*by.zero_points)) i = quantize_blocks<kFromMemory>(to, in, count, out);
  for (; i + kAtOnce<T> <= count; i += kAtOnce<T>) {
    quantize_vector<kFromMemory>(to, in + i, out + i);
  }
  if (i != count) quantize_some(to, in + i, count - i, out + i);
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

}  // namespace
}  // namespace octavo

#endif  // OCTAVO_SRC_QUANTIZE_QUANTIZE_RUN_H_
