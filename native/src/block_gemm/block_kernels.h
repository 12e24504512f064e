// What surrounds block microkernels, tier by tier: quantizing rows, and weights as floats.
//
// This header is included by files compiled with instruction-set flags: it defines no functions.
#ifndef OCTAVO_SRC_BLOCK_GEMM_BLOCK_KERNELS_H_
#define OCTAVO_SRC_BLOCK_GEMM_BLOCK_KERNELS_H_

#include <stddef.h>
#include <stdint.h>

#include "block_gemm/block_tile.h"
#include "vector/tiers.h"

namespace octavo {

// One block of a row: scale = f32(amax / 127), q = rne(x / scale), and sum = the sum of q. A scale
// of 0 gives q = 0; where x holds a NaN or an infinity, the scale is NaN.
struct QuantizedBlock {
  float scale;
  int32_t sum;
};
using QuantizeBlockFn = QuantizedBlock (*)(const float* x, size_t count, int8_t* q);

// `rows` rows of 64 bytes, one block's or a part of it, as floats f32((q - zero_point) * scale):
// element (k, column) at out[k * stride + column].
struct BlockExpansion {
  uint32_t bits;
  const uint8_t* rows;
  size_t row_count;
  const float* scales;         // 16
  const int32_t* zero_points;  // 16
  float* out;
  size_t stride;
};
using ExpandBlockFn = void (*)(const BlockExpansion&);

struct BlockKernels {
  QuantizeBlockFn quantize;
  ExpandBlockFn expand;
};

#define OCTAVO_BLOCK_TIER(isa, tier) extern const BlockKernels block_kernels_##tier;
OCTAVO_TIERS(OCTAVO_BLOCK_TIER)
#undef OCTAVO_BLOCK_TIER

}  // namespace octavo

#endif  // OCTAVO_SRC_BLOCK_GEMM_BLOCK_KERNELS_H_
