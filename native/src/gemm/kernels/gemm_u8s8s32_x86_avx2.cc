// AVX2 multiplies bytes exactly only after widening them: vpmaddwd adds two products of 16-bit
// values to each of 8 int32 lanes. (vpmaddubsw would saturate.) This kernel widens in registers,
// for products of few rows; gemm_paired_x86_avx2.cc serves the others.
#include <immintrin.h>
#include <string.h>

#include "gemm/microkernel.h"

#if !defined(__AVX2__)
#error "compile this file with AVX2"
#endif

namespace octavo {
namespace {

constexpr int kLanes = 8;
// One row needs weights faster than the hardware fetches them ahead by itself.
constexpr int kAhead = 2048;

// The next `count` <= 4 bytes, then zeros. (memcpy with a variable count would be a call, around
// which all sums are spilled.)
inline __m256i broadcast_word(const uint8_t* bytes, size_t count) {
  int32_t word = 0;
  if (count == 4) {
    memcpy(&word, bytes, sizeof(word));
  } else {
    word = bytes[0];
    if (count > 1) word |= bytes[1] << 8;
    if (count > 2) word |= bytes[2] << 16;
  }
  return _mm256_set1_epi32(word);
}

// Even and odd bytes of each four apart, as the two 16-bit halves of a lane.
template <int MR, int NV>
__attribute__((always_inline)) inline void step(__m256i (&sums)[MR][NV], const uint8_t* lhs,
                                                size_t stride, size_t count,
                                                const int8_t* weights) {
  __m256i even[NV], odd[NV];
#pragma GCC unroll 2
  for (int j = 0; j < NV; ++j) {
    const __m256i w = _mm256_load_si256(reinterpret_cast<const __m256i*>(weights + 4 * kLanes * j));
    even[j] = _mm256_srai_epi16(_mm256_slli_epi16(w, 8), 8);
    odd[j] = _mm256_srai_epi16(w, 8);
  }
#pragma GCC unroll 3
  for (int i = 0; i < MR; ++i) {
    const __m256i a = broadcast_word(lhs + i * stride, count);
    const __m256i a_even = _mm256_and_si256(a, _mm256_set1_epi16(0x00FF));
    const __m256i a_odd = _mm256_srli_epi16(a, 8);
#pragma GCC unroll 2
    for (int j = 0; j < NV; ++j) {
      sums[i][j] = _mm256_add_epi32(sums[i][j], _mm256_madd_epi16(a_even, even[j]));
      sums[i][j] = _mm256_add_epi32(sums[i][j], _mm256_madd_epi16(a_odd, odd[j]));
    }
  }
}

template <int MR, int NV>
void run_tile(const Tile& tile) {
  __m256i sums[MR][NV];
#pragma GCC unroll 3
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
  for (; k + 4 <= tile.depth; k += 4, weights += 4 * kLanes * NV) {
    if (MR <= 2) _mm_prefetch(reinterpret_cast<const char*>(weights) + kAhead, _MM_HINT_T0);
    step<MR, NV>(sums, lhs + k, tile.lhs_stride, 4, weights);
  }
  if (k < tile.depth) step<MR, NV>(sums, lhs + k, tile.lhs_stride, tile.depth - k, weights);
#pragma GCC unroll 3
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
    default:
      return run_tile<3, NV>(tile);
  }
}

}  // namespace

void gemm_u8s8s32_x86_avx2(const Tile& tile) {
  if (tile.columns <= kLanes) return run_rows<1>(tile);
  run_rows<2>(tile);
}

}  // namespace octavo
