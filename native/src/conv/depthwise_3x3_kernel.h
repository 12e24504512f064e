// Depthwise convolution of 3x3 taps over pixels where they lie, without a copy of them. Each column
// of three pixels becomes quads in registers, once for all windows that it is in.
//
// For `count` windows x, `stride` columns apart from the first column on, and each lane l
//
//   acc = bias[l] + sum over k < 3 of column[x * stride + k] . weights[k]                  mod 2^32
//
// becomes a byte as depthwise_quads_kernel.h says; lanes are those of its quads.
//
// This header is included by files compiled with instruction-set flags: it defines no functions
// that are not constexpr.
#ifndef OCTAVO_SRC_CONV_DEPTHWISE_3X3_KERNEL_H_
#define OCTAVO_SRC_CONV_DEPTHWISE_3X3_KERNEL_H_

#include "conv/depthwise_quads_kernel.h"

namespace octavo {

constexpr size_t kDepthwise3x3Rows = 4;

// A vector holds 1, 2 or 4 rows of outputs side by side: of 64, 32 or 16 channels.
struct Depthwise3x3Run {
  size_t outputs;
  // The rows of `width` pixels under each row of outputs; `step` bytes lie between pixels.
  const uint8_t* rows[kDepthwise3x3Rows][3];
  uint8_t* out[kDepthwise3x3Rows];
  size_t width;
  size_t step;
  // A vector of what the columns before the first pixel are, `left` of them, and all those after
  // the last.
  const uint8_t* padding;
  size_t left;
  size_t stride;  // 1 or 2
  uint8_t flip;
  const int8_t* weights;  // [3][kDepthwiseQuadColumn]: the last byte of each quad is 0
  DepthwiseLanes lanes;   // scales are within (-1, 1)
  size_t count;
};

#ifdef OCTAVO_X86
void depthwise_3x3_x86_avx512vnni(const Depthwise3x3Run& run);
#endif

}  // namespace octavo

#endif  // OCTAVO_SRC_CONV_DEPTHWISE_3X3_KERNEL_H_
