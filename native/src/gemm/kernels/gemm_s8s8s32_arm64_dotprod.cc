// sdot adds four s8 x s8 products to each of 4 int32 lanes: a vector holds four k of four columns.
#include <arm_neon.h>

#include "base/always_inline.h"
#include "gemm/kernels/first_bytes.h"
#include "gemm/kernels/sums_neon.h"

#if !defined(__ARM_FEATURE_DOTPROD)
#error "compile this file with the dot product extension"
#endif

namespace octavo {
namespace {

constexpr int kLanes = 4;

// The next `count` <= 4 bytes, then zeros, in each lane.
OCTAVO_ALWAYS_INLINE int8x16_t broadcast_word(const int8_t* bytes, size_t count) {
  const uint64_t word = first_bytes(reinterpret_cast<const uint8_t*>(bytes), count);
  return vreinterpretq_s8_u32(vdupq_n_u32(static_cast<uint32_t>(word)));
}

template <int MR, int NV>
OCTAVO_ALWAYS_INLINE void step(int32x4_t (&sums)[MR][NV], const int8_t* lhs, size_t stride,
                               size_t count, const int8_t* weights) {
  int8x16_t w[NV];
#pragma GCC unroll 4
  for (int j = 0; j < NV; ++j) w[j] = vld1q_s8(weights + 16 * j);
#pragma GCC unroll 4
  for (int i = 0; i < MR; ++i) {
    const int8x16_t a = broadcast_word(lhs + i * stride, count);
#pragma GCC unroll 4
    for (int j = 0; j < NV; ++j) sums[i][j] = vdotq_s32(sums[i][j], w[j], a);
  }
}

template <int MR, int NV>
void run_tile(const Tile& tile) {
  TileSums<MR, NV> sums;
  load_sums<MR, NV>(tile, sums);
  const int8_t* lhs = static_cast<const int8_t*>(tile.lhs);
  const int8_t* weights = tile.panel;
  size_t k = 0;
  for (; k + 4 <= tile.depth; k += 4, weights += 16 * NV) {
    step<MR, NV>(sums, lhs + k, tile.lhs_stride, 4, weights);
  }
  if (k < tile.depth) step<MR, NV>(sums, lhs + k, tile.lhs_stride, tile.depth - k, weights);
  store_sums<MR, NV>(tile, sums);
}

template <int NV>
void run_rows(const Tile& tile) {
  switch (tile.rows) {
    case 1:
      return run_tile<1, NV>(tile);
    case 2:
      return run_tile<2, NV>(tile);
    case 3:
      return run_tile<3, NV>(tile);
    default:
      return run_tile<4, NV>(tile);
  }
}

}  // namespace

void gemm_s8s8s32_arm64_dotprod(const Tile& tile) {
  switch ((tile.columns + kLanes - 1) / kLanes) {
    case 1:
      return run_rows<1>(tile);
    case 2:
      return run_rows<2>(tile);
    case 3:
      return run_rows<3>(tile);
    default:
      return run_rows<4>(tile);
  }
}

}  // namespace octavo
