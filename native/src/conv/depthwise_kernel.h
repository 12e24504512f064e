// The one function type of every depthwise kernel: all taps of a run of outputs.
//
//   acc[i] = bias + sum over t < taps of weights[t] * values[offsets[t] + i]              mod 2^32
//
// for i < count. Values and weights lie within [-255, 255]; `taps` is even. Reads and writes may go
// up to kDepthwiseSlack elements beyond `count`.
//
// This header is included by files compiled with instruction-set flags: it defines no functions.
#ifndef OCTAVO_SRC_CONV_DEPTHWISE_KERNEL_H_
#define OCTAVO_SRC_CONV_DEPTHWISE_KERNEL_H_

#include <stddef.h>
#include <stdint.h>

namespace octavo {

constexpr size_t kDepthwiseSlack = 64;

struct DepthwiseRun {
  const int16_t* values;
  const size_t* offsets;
  const int16_t* weights;
  size_t taps;
  uint32_t bias;
  size_t count;
  int32_t* acc;
};

using DepthwiseFn = void (*)(const DepthwiseRun& run);

#define OCTAVO_DEPTHWISE(isa, name) void name(const DepthwiseRun& run);
#include "conv/depthwise_kernels.inc"
#undef OCTAVO_DEPTHWISE

}  // namespace octavo

#endif  // OCTAVO_SRC_CONV_DEPTHWISE_KERNEL_H_
