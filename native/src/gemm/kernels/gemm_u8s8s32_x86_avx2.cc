// AVX2 multiplies bytes exactly only after widening them: vpmaddwd adds two products of 16-bit
// values to each of 8 int32 lanes. (vpmaddubsw would saturate.)
#include <immintrin.h>
#include <string.h>

#include "gemm/microkernel.h"

#if !defined(__AVX2__)
#error "compile this file with AVX2"
#endif

namespace octavo {
namespace {

constexpr int kLanes = 8;

// Two bytes as the 16-bit halves of every lane.
inline __m256i broadcast_pair(const uint8_t* bytes, size_t count) {
  int16_t pair = 0;
  memcpy(&pair, bytes, count);
  const __m256i low_byte_high_byte = _mm256_set1_epi32(static_cast<int32_t>(0x80018000));
  return _mm256_shuffle_epi8(_mm256_set1_epi16(pair), low_byte_high_byte);
}

template <int MR, int NV>
__attribute__((always_inline)) inline void step(__m256i (&sums)[MR][NV], const uint8_t* lhs,
                                                size_t stride, size_t count,
                                                const int8_t* weights) {
  __m256i w[NV];
#pragma GCC unroll 2
  for (int j = 0; j < NV; ++j) {
    const __m128i* bytes = reinterpret_cast<const __m128i*>(weights + 2 * kLanes * j);
    w[j] = _mm256_cvtepi8_epi16(_mm_loadu_si128(bytes));
  }
#pragma GCC unroll 4
  for (int i = 0; i < MR; ++i) {
    const __m256i a = broadcast_pair(lhs + i * stride, count);
#pragma GCC unroll 2
    for (int j = 0; j < NV; ++j) {
      sums[i][j] = _mm256_add_epi32(sums[i][j], _mm256_madd_epi16(a, w[j]));
    }
  }
}

template <int MR, int NV>
void run_tile(const Tile& tile) {
  __m256i sums[MR][NV];
#pragma GCC unroll 4
  for (int i = 0; i < MR; ++i) {
#pragma GCC unroll 2
    for (int j = 0; j < NV; ++j) {
      sums[i][j] = _mm256_loadu_si256(
          reinterpret_cast<const __m256i*>(tile.init + i * tile.init_stride + kLanes * j));
    }
  }
  const uint8_t* lhs = static_cast<const uint8_t*>(tile.lhs);
  const int8_t* weights = tile.panel;
  size_t k = 0;
  for (; k + 2 <= tile.depth; k += 2, weights += 2 * kLanes * NV) {
    step<MR, NV>(sums, lhs + k, tile.lhs_stride, 2, weights);
  }
  if (k < tile.depth) step<MR, NV>(sums, lhs + k, tile.lhs_stride, 1, weights);
#pragma GCC unroll 4
  for (int i = 0; i < MR; ++i) {
#pragma GCC unroll 2
    for (int j = 0; j < NV; ++j) {
      _mm256_storeu_si256(reinterpret_cast<__m256i*>(tile.acc + i * tile.acc_stride + kLanes * j),
                          sums[i][j]);
    }
  }
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

void gemm_u8s8s32_x86_avx2(const Tile& tile) {
  if (tile.columns <= kLanes) return run_rows<1>(tile);
  run_rows<2>(tile);
}

}  // namespace octavo
