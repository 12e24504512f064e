// usmmla multiplies 2 rows x 8 k of unsigned bytes by 8 k x 2 columns of signed ones: a vector of
// sums holds [row 0: two columns, row 1: two columns].
#include <arm_neon.h>

#include "base/always_inline.h"
#include "gemm/kernels/first_bytes.h"
#include "gemm/microkernel.h"

#if !defined(__ARM_FEATURE_MATMUL_INT8)
#error "compile this file with the int8 matrix multiplication extension"
#endif

namespace octavo {
namespace {

constexpr int kDepth = 8;    // values of k in one instruction
constexpr int kColumns = 8;  // of a whole panel

OCTAVO_ALWAYS_INLINE int32x4_t low_halves(int32x4_t a, int32x4_t b) {
  return vreinterpretq_s32_s64(vzip1q_s64(vreinterpretq_s64_s32(a), vreinterpretq_s64_s32(b)));
}
OCTAVO_ALWAYS_INLINE int32x4_t high_halves(int32x4_t a, int32x4_t b) {
  return vreinterpretq_s32_s64(vzip2q_s64(vreinterpretq_s64_s32(a), vreinterpretq_s64_s32(b)));
}

template <int Pairs, int Quads>
using Sums = int32x4_t[Pairs][2 * Quads];

template <int Pairs, int Quads>
OCTAVO_ALWAYS_INLINE void multiply(Sums<Pairs, Quads>& sums, const uint8x16_t (&lhs)[Pairs],
                                   const int8_t* weights) {
#pragma GCC unroll 4
  for (int j = 0; j < 2 * Quads; ++j) {
    const int8x16_t w = vld1q_s8(weights + 16 * j);
#pragma GCC unroll 4
    for (int i = 0; i < Pairs; ++i) sums[i][j] = vusmmlaq_s32(sums[i][j], lhs[i], w);
  }
}

// The second row of the last pair repeats the first where the number of rows is odd.
template <int Pairs>
struct RowPairs {
  explicit RowPairs(size_t rows) {
    for (int i = 0; i < Pairs; ++i) {
      first[i] = 2 * i;
      second[i] = 2u * i + 1 < rows ? 2 * i + 1 : 2 * i;
    }
  }
  size_t first[Pairs], second[Pairs];
};

template <int Pairs, int Quads>
void run_tile(const Tile& tile) {
  constexpr size_t kStep = 32 * Quads;  // bytes of weights for 8 k
  const RowPairs<Pairs> pairs(tile.rows);
  const uint8_t* upper[Pairs];
  const uint8_t* lower[Pairs];
  Sums<Pairs, Quads> sums;
#pragma GCC unroll 4
  for (int i = 0; i < Pairs; ++i) {
    upper[i] = static_cast<const uint8_t*>(tile.lhs) + pairs.first[i] * tile.lhs_stride;
    lower[i] = static_cast<const uint8_t*>(tile.lhs) + pairs.second[i] * tile.lhs_stride;
#pragma GCC unroll 2
    for (int j = 0; j < Quads; ++j) {
      const int32x4_t a = vld1q_s32(tile.init + pairs.first[i] * tile.init_stride + 4 * j);
      const int32x4_t b = vld1q_s32(tile.init + pairs.second[i] * tile.init_stride + 4 * j);
      sums[i][2 * j] = low_halves(a, b);
      sums[i][2 * j + 1] = high_halves(a, b);
    }
  }
  const int8_t* weights = tile.panel;
  uint8x16_t lhs[Pairs];
  size_t k = 0;
  for (; k + kDepth <= tile.depth; k += kDepth, weights += kStep) {
#pragma GCC unroll 4
    for (int i = 0; i < Pairs; ++i)
      lhs[i] = vcombine_u8(vld1_u8(upper[i] + k), vld1_u8(lower[i] + k));
    multiply<Pairs, Quads>(sums, lhs, weights);
  }
  if (const size_t rest = tile.depth - k; rest != 0) {
#pragma GCC unroll 4
    for (int i = 0; i < Pairs; ++i) {
      lhs[i] = vcombine_u8(vcreate_u8(first_bytes(upper[i] + k, rest)),
                           vcreate_u8(first_bytes(lower[i] + k, rest)));
    }
    multiply<Pairs, Quads>(sums, lhs, weights);
  }
#pragma GCC unroll 4
  for (int i = 0; i < Pairs; ++i) {
#pragma GCC unroll 2
    for (int j = 0; j < Quads; ++j) {
      const int32x4_t left = sums[i][2 * j], right = sums[i][2 * j + 1];
      vst1q_s32(tile.acc + pairs.second[i] * tile.acc_stride + 4 * j, high_halves(left, right));
      vst1q_s32(tile.acc + pairs.first[i] * tile.acc_stride + 4 * j, low_halves(left, right));
    }
  }
}

template <int Quads>
void run_rows(const Tile& tile) {
  switch ((tile.rows + 1) / 2) {
    case 1:
      return run_tile<1, Quads>(tile);
    case 2:
      return run_tile<2, Quads>(tile);
    case 3:
      return run_tile<3, Quads>(tile);
    default:
      return run_tile<4, Quads>(tile);
  }
}

}  // namespace

void gemm_u8s8s32_arm64_i8mm(const Tile& tile) {
  if (tile.columns <= kColumns / 2) return run_rows<1>(tile);
  run_rows<2>(tile);
}

}  // namespace octavo
