// The loop that every kernel of float depthwise convolution is made of, over a vector trait as
// float_gemm/float_tile_loop.h describes it.
//
// Everything here has internal linkage: it is compiled once for each instruction set.
#ifndef OCTAVO_SRC_FLOAT_CONV_FLOAT_DEPTHWISE_LOOP_H_
#define OCTAVO_SRC_FLOAT_CONV_FLOAT_DEPTHWISE_LOOP_H_

#include "base/always_inline.h"
#include "float_conv/float_depthwise_kernel.h"

namespace octavo {
namespace {

template <class V>
OCTAVO_ALWAYS_INLINE typename V::T activated(const DepthwiseSpan& span, typename V::T x) {
  const typename V::T alpha = V::set(span.alpha), beta = V::set(span.beta);
  if (span.activation == OCTAVO_IDENTITY) return x;
  if (span.activation == OCTAVO_CLIP) return V::min(beta, V::max(alpha, x));
  if (span.activation == OCTAVO_LEAKY_RELU) return V::select_negative(x, V::mul(alpha, x), x);
  const typename V::T hard = V::min(V::set(1), V::max(V::zero(), V::fma(alpha, x, beta)));
  return span.activation == OCTAVO_HARD_SWISH ? V::mul(x, hard) : hard;
}

// The sums of kPixels outputs by kVectors vectors of channels stay in registers while the taps
// pass.
template <class V, size_t kPixels, size_t kVectors>
OCTAVO_ALWAYS_INLINE void run_tile(const DepthwiseSpan& span, size_t pixel, size_t channel) {
  typename V::T sums[kPixels][kVectors];
#pragma GCC unroll 8
  for (size_t v = 0; v < kVectors; ++v) {
    const typename V::T bias =
        span.bias == nullptr ? V::zero() : V::load(span.bias + channel + v * V::lanes);
#pragma GCC unroll 4
    for (size_t p = 0; p < kPixels; ++p) sums[p][v] = bias;
  }
  const float* in = span.in + pixel * span.step + channel;
  for (size_t t = 0; t < span.tap_count; ++t) {
    const float* from = in + span.taps[t].input;
    const float* weights = span.taps[t].weights + channel;
#pragma GCC unroll 8
    for (size_t v = 0; v < kVectors; ++v) {
      const typename V::T weight = V::load(weights + v * V::lanes);
#pragma GCC unroll 4
      for (size_t p = 0; p < kPixels; ++p) {
        sums[p][v] = V::fma(V::load(from + p * span.step + v * V::lanes), weight, sums[p][v]);
      }
    }
  }
#pragma GCC unroll 4
  for (size_t p = 0; p < kPixels; ++p) {
    const size_t first = (pixel + p) * span.channels + channel;
#pragma GCC unroll 8
    for (size_t v = 0; v < kVectors; ++v) {
      const size_t at = first + v * V::lanes;
      typename V::T sum = sums[p][v];
      if (span.residual != nullptr) sum = V::add(sum, V::load(span.residual + at));
      V::store(span.out + at, activated<V>(span, sum));
    }
  }
}

// The channels after the last whole vector.
template <class V>
OCTAVO_ALWAYS_INLINE void run_rest(const DepthwiseSpan& span, size_t pixel, size_t channel) {
  const size_t count = span.channels - channel;
  typename V::T sum = span.bias == nullptr ? V::zero() : V::load_first(span.bias + channel, count);
  const float* in = span.in + pixel * span.step + channel;
  for (size_t t = 0; t < span.tap_count; ++t) {
    sum = V::fma(V::load_first(in + span.taps[t].input, count),
                 V::load_first(span.taps[t].weights + channel, count), sum);
  }
  const size_t first = pixel * span.channels + channel;
  if (span.residual != nullptr) sum = V::add(sum, V::load_first(span.residual + first, count));
  V::store_first(span.out + first, activated<V>(span, sum), count);
}

// Whole vectors of channels from `channel` on. Returns the first channel that is left.
template <class V, size_t kPixels, size_t kVectors>
OCTAVO_ALWAYS_INLINE size_t run_vectors(const DepthwiseSpan& span, size_t pixel, size_t channel) {
  constexpr size_t kChannels = kVectors * V::lanes;
  for (; channel + kChannels <= span.channels; channel += kChannels) {
    run_tile<V, kPixels, kVectors>(span, pixel, channel);
  }
  if constexpr (kVectors > 1) return run_vectors<V, kPixels, kVectors / 2>(span, pixel, channel);
  return channel;
}

template <class V, size_t kPixels, size_t kVectors>
__attribute__((noinline)) void run_pixels(const DepthwiseSpan& span, size_t pixel) {
  const size_t channel = run_vectors<V, kPixels, kVectors>(span, pixel, 0);
  if (channel == span.channels) return;
  for (size_t p = 0; p < kPixels; ++p) run_rest<V>(span, pixel + p, channel);
}

// Keeps up to kSums sums in registers: as many as hide the latency of a multiply-add.
template <class V, size_t kSums>
OCTAVO_ALWAYS_INLINE void run_depthwise_span(const DepthwiseSpan& span) {
  size_t pixel = 0;
  for (; pixel + 4 <= span.pixels; pixel += 4) run_pixels<V, 4, kSums / 4>(span, pixel);
  if (pixel + 2 <= span.pixels) {
    run_pixels<V, 2, 4>(span, pixel);
    pixel += 2;
  }
  if (pixel < span.pixels) run_pixels<V, 1, 8>(span, pixel);
}

}  // namespace
}  // namespace octavo

#endif  // OCTAVO_SRC_FLOAT_CONV_FLOAT_DEPTHWISE_LOOP_H_
