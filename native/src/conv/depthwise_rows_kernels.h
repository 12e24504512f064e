// Depthwise convolution over rows of pixels [width][channels], kBlock channels at a time.
//
// Taps work in pairs. `interleave` writes one column of a pair: the bytes of two pixels side by
// side, widened to 16 bits, in an order that unpacking gives for free. `run` then computes
//
//   acc[x][l] = bias[l] + sum over pairs p of values[offsets[p] + x * step] . weights[p]   mod 2^32
//
// for `count` blocks x, each term the two products of lane l. With i = depthwise_channel(l), lane l
// of a column holds the two values of channel i % channels, and so do weights, bias and scales; the
// sum is that of output i / channels of the block, where depthwise_pixels(channels) share one.
//
// This header is included by files compiled with instruction-set flags: it defines no functions
// that are not constexpr.
#ifndef OCTAVO_SRC_CONV_DEPTHWISE_ROWS_KERNELS_H_
#define OCTAVO_SRC_CONV_DEPTHWISE_ROWS_KERNELS_H_

#include <stddef.h>
#include <stdint.h>

#include "vector/tiers.h"

namespace octavo {

constexpr size_t kDepthwiseBlock = 32;                    // channels
constexpr size_t kDepthwiseColumn = 2 * kDepthwiseBlock;  // int16 values

constexpr size_t depthwise_channel(size_t lane) {
  return lane / 4 % 2 * 16 + lane / 8 * 4 + lane % 4;
}

// The last block of several overlaps the one before it where channels do not fill it.
constexpr size_t depthwise_block_start(size_t block, size_t channels) {
  const size_t start = block * kDepthwiseBlock;
  return start + kDepthwiseBlock <= channels || channels < kDepthwiseBlock
             ? start
             : channels - kDepthwiseBlock;
}

// Pixels side by side that fill a block between them, where their channels are few.
constexpr size_t depthwise_pixels(size_t channels) {
  return channels == 8 || channels == 16 ? kDepthwiseBlock / channels : 1;
}

// kDepthwiseBlock bytes are read of each pixel; strides are in bytes. `flip` is 0x80 for int8
// values, which become uint8 ones 128 higher, or 0.
struct DepthwiseInterleave {
  const uint8_t* first;
  const uint8_t* second;
  size_t first_stride;
  size_t second_stride;
  size_t count;
  uint8_t flip;
  int16_t* out;
};

struct DepthwiseRowRun {
  const int16_t* values;
  const uint32_t* offsets;  // in values
  const int16_t* weights;   // [pairs][kDepthwiseColumn]
  size_t pairs;
  size_t step;  // in values
  const int32_t* bias;
  size_t count;
  // Quantized outputs: y = clamp(rne(f32(f32(acc) * scales[c])) + zero_point), at
  // out[x * out_stride + c], in the order of x: blocks may overlap.
  const float* scales;
  int32_t zero_point, clamp_min, clamp_max;
  uint8_t* out;
  size_t out_stride;
  // Sums, in the order of the channels, at acc[x * kDepthwiseBlock + c].
  int32_t* acc;
};

struct DepthwiseRowsKernels {
  void (*interleave)(const DepthwiseInterleave& columns);
  void (*run_q8)(const DepthwiseRowRun& run);
  void (*run_s32)(const DepthwiseRowRun& run);
};

#define OCTAVO_DEPTHWISE_TIER(isa, tier) extern const DepthwiseRowsKernels depthwise_rows_##tier;
OCTAVO_TIERS(OCTAVO_DEPTHWISE_TIER)
#undef OCTAVO_DEPTHWISE_TIER

}  // namespace octavo

#endif  // OCTAVO_SRC_CONV_DEPTHWISE_ROWS_KERNELS_H_
