// Float depthwise convolution of neighbouring outputs of one row, tier by tier.
// (float_conv/float_depthwise.h applies it to images.)
//
// This header is included by files compiled with instruction-set flags: it defines no functions.
#ifndef OCTAVO_SRC_FLOAT_CONV_FLOAT_DEPTHWISE_KERNEL_H_
#define OCTAVO_SRC_FLOAT_CONV_FLOAT_DEPTHWISE_KERNEL_H_

#include <stddef.h>

#include "octavo/float_epilogue.h"
#include "vector/tiers.h"

namespace octavo {

// A tap that every output of a span has: where it reads, from the first input of the span, and its
// weights, one a channel.
struct DepthwiseTap {
  ptrdiff_t input;
  const float* weights;
};

// out[p][c] = activation(bias[c] + residual[p][c] +
//                        sum over taps of in[tap.input + p * step + c] * tap.weights[c])
struct DepthwiseSpan {
  const float* in;
  const DepthwiseTap* taps;
  size_t tap_count;
  size_t pixels;
  size_t step;  // from the input of one output to that of the next
  size_t channels;
  const float* bias;      // or null
  const float* residual;  // or null; laid out like `out`, which it may be
  octavo_activation activation;
  float alpha;
  float beta;
  float* out;  // pixels are `channels` apart
};

using DepthwiseSpanFn = void (*)(const DepthwiseSpan& span);

struct FloatDepthwiseKernels {
  DepthwiseSpanFn run;
};

#define OCTAVO_FLOAT_DEPTHWISE_TIER(isa, tier) \
  extern const FloatDepthwiseKernels float_depthwise_##tier;
#ifdef OCTAVO_X86
OCTAVO_FLOAT_DEPTHWISE_TIER(isa::avx512, x86_avx512)
#endif
OCTAVO_TIERS(OCTAVO_FLOAT_DEPTHWISE_TIER)
#undef OCTAVO_FLOAT_DEPTHWISE_TIER

}  // namespace octavo

#endif  // OCTAVO_SRC_FLOAT_CONV_FLOAT_DEPTHWISE_KERNEL_H_
