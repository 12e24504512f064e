// Every ARMv8 CPU: bytes widened to 16 bits, one value of the left times 8 neighbouring weights in
// two multiply-adds into int32. (Products of two bytes summed in 16 bits first could overflow.)
#include <arm_neon.h>

#include "base/always_inline.h"
#include "gemm/kernels/first_bytes.h"
#include "gemm/kernels/sums_neon.h"

namespace octavo {
namespace {

constexpr int kDepth = 8;  // values of k whose left-hand sides are widened at once

OCTAVO_ALWAYS_INLINE int16x8_t widen(uint8x8_t bytes) {
  return vreinterpretq_s16_u16(vmovl_u8(bytes));
}

// Adds the products of value K of each row and one row of weights.
template <int MR, int NV, int K>
OCTAVO_ALWAYS_INLINE void multiply(int32x4_t (&sums)[MR][2 * NV], const int16x8_t (&lhs)[MR],
                                   const int8_t* weights) {
#pragma GCC unroll 2
  for (int j = 0; j < NV; ++j) {
    const int16x8_t w = vmovl_s8(vld1_s8(weights + 8 * j));
#pragma GCC unroll 4
    for (int i = 0; i < MR; ++i) {
      sums[i][2 * j] = vmlal_laneq_s16(sums[i][2 * j], vget_low_s16(w), lhs[i], K);
      sums[i][2 * j + 1] = vmlal_high_laneq_s16(sums[i][2 * j + 1], w, lhs[i], K);
    }
  }
}

template <int MR, int NV, int K = 0>
OCTAVO_ALWAYS_INLINE void multiply_from(int32x4_t (&sums)[MR][2 * NV], const int16x8_t (&lhs)[MR],
                                        const int8_t* weights, int count) {
  if constexpr (K < kDepth) {
    if (K == count) return;
    multiply<MR, NV, K>(sums, lhs, weights);
    multiply_from<MR, NV, K + 1>(sums, lhs, weights + 8 * NV, count);
  }
}

template <int MR, int NV>
void run_tile(const Tile& tile) {
  TileSums<MR, 2 * NV> sums;
  load_sums<MR, 2 * NV>(tile, sums);
  const uint8_t* lhs = static_cast<const uint8_t*>(tile.lhs);
  const int8_t* weights = tile.panel;
  int16x8_t rows[MR];
  size_t k = 0;
  for (; k + kDepth <= tile.depth; k += kDepth, weights += kDepth * 8 * NV) {
#pragma GCC unroll 4
    for (int i = 0; i < MR; ++i) rows[i] = widen(vld1_u8(lhs + i * tile.lhs_stride + k));
    multiply_from<MR, NV>(sums, rows, weights, kDepth);
  }
  if (k < tile.depth) {
    const size_t rest = tile.depth - k;
#pragma GCC unroll 4
    for (int i = 0; i < MR; ++i)
      rows[i] = widen(vcreate_u8(first_bytes(lhs + i * tile.lhs_stride + k, rest)));
    multiply_from<MR, NV>(sums, rows, weights, static_cast<int>(rest));
  }
  store_sums<MR, 2 * NV>(tile, sums);
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

void gemm_u8s8s32_arm64_neon(const Tile& tile) {
  if (tile.columns <= 8) return run_rows<1>(tile);
  run_rows<2>(tile);
}

}  // namespace octavo
