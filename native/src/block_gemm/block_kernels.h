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

// Rows of lhs, block by block: scale = f32(amax / 127), q = rne(x / scale), and offset = -factor *
// the sum of q. A scale of 0 gives q = 0; where x holds a NaN or an infinity, the scale is NaN. q
// is written with the bits `flip` inverted: 0x80 adds 128, for kernels that read unsigned bytes.
struct RowQuantization {
  const float* x;
  size_t count;  // of a row
  size_t block_size;
  uint32_t factor;
  int8_t* q;
  float* scales;     // one a block, row after row
  int32_t* offsets;  // modulo 2^32, likewise; null where nobody reads them
  uint8_t flip = 0;
  size_t rows = 1;
  size_t x_stride = 0;  // from row to row
  size_t q_stride = 0;
  // Of each block, row after row, 16 numbers whose highest is that of the bits of its magnitudes,
  // where these have been found; some functions do not read them.
  const int32_t (*found)[kBlockColumns] = nullptr;
};
using QuantizeBlocksFn = void (*)(const RowQuantization&);

#ifdef OCTAVO_X86
void quantize_blocks_x86_avx512(const RowQuantization& rows);
// Rows of whole lines of 64 numbers, each of one block or of two; without offsets.
void quantize_lines_x86_avx512(const RowQuantization& rows);
#endif

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
  QuantizeBlocksFn quantize;
  ExpandBlockFn expand;
};

#define OCTAVO_BLOCK_TIER(isa, tier) extern const BlockKernels block_kernels_##tier;
OCTAVO_TIERS(OCTAVO_BLOCK_TIER)
#undef OCTAVO_BLOCK_TIER

}  // namespace octavo

#endif  // OCTAVO_SRC_BLOCK_GEMM_BLOCK_KERNELS_H_
