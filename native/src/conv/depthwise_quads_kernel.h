// Depthwise convolution by products of four bytes at a time, over vectors of 64 bytes.
//
// Taps work in fours. `interleave` writes one column for each 64 bytes of four rows: a quad of
// bytes, one of each row, for each of the 64. `run` then computes
//
//   acc[x][l] = bias[l] + sum over q < quads of column[x][q] . weights[q]                mod 2^32
//
// for `count` neighbours x, where column[x][q] is values[offsets[q] + x * kDepthwiseQuadColumn],
// each term the four products u8 x s8 of lane l, and
//
//   y = clamp(rne(f32(f32(acc) * scales[l])) + zero_point) ^ out_flip
//
// Lane l of columns, weights, bias and scales is that of byte depthwise_quad_byte(l) of a vector.
//
// This header is included by files compiled with instruction-set flags: it defines no functions
// that are not constexpr.
#ifndef OCTAVO_SRC_CONV_DEPTHWISE_QUADS_KERNEL_H_
#define OCTAVO_SRC_CONV_DEPTHWISE_QUADS_KERNEL_H_

#include <stddef.h>
#include <stdint.h>

namespace octavo {

constexpr size_t kDepthwiseVector = 64;                        // bytes
constexpr size_t kDepthwiseQuadColumn = 4 * kDepthwiseVector;  // bytes

// The order that unpacking within 128 bits gives, and that packing undoes.
constexpr size_t depthwise_quad_byte(size_t lane) {
  return lane / 4 % 4 * 16 + lane / 16 * 4 + lane % 4;
}

// Rows of `count` vectors each. `flip` is 0x80 for int8 values, which become uint8 ones 128 higher,
// or 0.
struct DepthwiseQuadRows {
  const uint8_t* rows[4];
  size_t count;
  uint8_t flip;
  uint8_t* out;
};

// What makes bytes of sums.
struct DepthwiseLanes {
  const int32_t* bias;
  const float* scales;
  // Of uint8 outputs; those of int8 are 128 lower, which a flip of 0x80 subtracts.
  int32_t zero_point, clamp_min, clamp_max;
  uint8_t out_flip;
};

struct DepthwiseQuadRun {
  const uint8_t* values;
  const uint32_t* offsets;  // in bytes
  const int8_t* weights;    // [quads][kDepthwiseQuadColumn]
  size_t quads;
  DepthwiseLanes lanes;
  size_t count;
  uint8_t* out;
  size_t out_stride;
};

// Some channels of `count` pixels: 8, 16, 32 or 64, or fewer than 8.
struct DepthwiseCopy {
  size_t channels;
  size_t count;
  const uint8_t* from;
  size_t from_stride;
  uint8_t* to;
  size_t to_stride;
};

struct Depthwise3x3Run;

struct DepthwiseQuadKernels {
  void (*copy)(const DepthwiseCopy& pixels);
  void (*interleave)(const DepthwiseQuadRows& rows);
  void (*run)(const DepthwiseQuadRun& run);
  void (*run_3x3)(const Depthwise3x3Run& run);
};

#define OCTAVO_DEPTHWISE_QUADS(isa, name) extern const DepthwiseQuadKernels name;
#include "conv/depthwise_quads_kernels.inc"
#undef OCTAVO_DEPTHWISE_QUADS

}  // namespace octavo

#endif  // OCTAVO_SRC_CONV_DEPTHWISE_QUADS_KERNEL_H_
