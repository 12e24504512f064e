#include "float_conv/float_depthwise_kernel.h"

#include "vector/vector.h"

namespace octavo {
namespace {

OCTAVO_INLINE F32 activated(const DepthwiseSpan& span, F32 x) {
  const F32 alpha = splat(span.alpha), beta = splat(span.beta);
  if (span.activation == OCTAVO_IDENTITY) return x;
  if (span.activation == OCTAVO_CLIP) return clamp(x, alpha, beta);
  if (span.activation == OCTAVO_LEAKY_RELU) return choose(x < splat(0.0f), alpha * x, x);
  const F32 hard = clamp(multiply_add(alpha, x, beta), splat(0.0f), splat(1.0f));
  return span.activation == OCTAVO_HARD_SWISH ? x * hard : hard;
}

// The sums of kPixels outputs by kVectors vectors of channels stay in registers while the taps
// pass.
template <size_t kPixels, size_t kVectors>
OCTAVO_INLINE void run_tile(const DepthwiseSpan& span, size_t pixel, size_t channel) {
  F32 sums[kPixels][kVectors];
  for (size_t v = 0; v < kVectors; ++v) {
    const F32 bias =
        span.bias == nullptr ? splat(0.0f) : load<F32>(span.bias + channel + v * kLanes);
    for (size_t p = 0; p < kPixels; ++p) sums[p][v] = bias;
  }
  const float* in = span.in + pixel * span.step + channel;
  for (size_t t = 0; t < span.tap_count; ++t) {
    const float* from = in + span.taps[t].input;
    const float* weights = span.taps[t].weights + channel;
#pragma GCC unroll 2
    for (size_t v = 0; v < kVectors; ++v) {
      const F32 weight = load<F32>(weights + v * kLanes);
#pragma GCC unroll 8
      for (size_t p = 0; p < kPixels; ++p) {
        sums[p][v] = multiply_add(load<F32>(from + p * span.step + v * kLanes), weight, sums[p][v]);
      }
    }
  }
#pragma GCC unroll 8
  for (size_t p = 0; p < kPixels; ++p) {
    const size_t first = (pixel + p) * span.channels + channel;
#pragma GCC unroll 2
    for (size_t v = 0; v < kVectors; ++v) {
      F32 sum = sums[p][v];
      if (span.residual != nullptr) sum = sum + load<F32>(span.residual + first + v * kLanes);
      store(span.out + first + v * kLanes, activated(span, sum));
    }
  }
}

// The channels after the last whole vector.
OCTAVO_INLINE void run_rest(const DepthwiseSpan& span, size_t pixel, size_t channel) {
  const size_t count = span.channels - channel;
  F32 sum = span.bias == nullptr ? splat(0.0f) : load_some<F32>(span.bias + channel, count);
  const float* in = span.in + pixel * span.step + channel;
  for (size_t t = 0; t < span.tap_count; ++t) {
    sum = multiply_add(load_some<F32>(in + span.taps[t].input, count),
                       load_some<F32>(span.taps[t].weights + channel, count), sum);
  }
  const size_t first = pixel * span.channels + channel;
  if (span.residual != nullptr) sum = sum + load_some<F32>(span.residual + first, count);
  store_some(span.out + first, activated(span, sum), count);
}

template <size_t kPixels>
OCTAVO_INLINE void run_pixels(const DepthwiseSpan& span, size_t pixel) {
  size_t channel = 0;
  for (; channel + 2 * kLanes <= span.channels; channel += 2 * kLanes) {
    run_tile<kPixels, 2>(span, pixel, channel);
  }
  for (; channel + kLanes <= span.channels; channel += kLanes) {
    run_tile<kPixels, 1>(span, pixel, channel);
  }
  if (channel == span.channels) return;
  for (size_t p = 0; p < kPixels; ++p) run_rest(span, pixel + p, channel);
}

void run(const DepthwiseSpan& span) {
  size_t pixel = 0;
  for (; pixel + 4 <= span.pixels; pixel += 4) run_pixels<4>(span, pixel);
  for (; pixel < span.pixels; ++pixel) run_pixels<1>(span, pixel);
}

}  // namespace

const FloatDepthwiseKernels OCTAVO_TIERED(float_depthwise) = {run};

}  // namespace octavo
