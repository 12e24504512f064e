// vpdpbusd on 256 bits, for CPUs without AVX-512: four u8 x s8 products added to each of 8 lanes.
// Twelve sums: two start each cycle and take five, so that ten are none too many. (gcc spills when
// the loop is unrolled.)
#include <immintrin.h>
#include <string.h>

#include "gemm/microkernel.h"

#if !defined(__AVXVNNI__)
#error "compile this file with AVX2 and AVX-VNNI"
#endif

namespace octavo {
namespace {

constexpr int kLanes = 8;

// See gemm_u8s8s32_x86_avx512vnni.cc: gcc would load this once for each use.
#ifdef OCTAVO_EMULATE
#define OCTAVO_IN_REGISTER(vector) static_cast<void>(vector)
#else
#define OCTAVO_IN_REGISTER(vector) __asm__("" : "+x"(vector))
#endif

// The next `count` <= 4 bytes, then zeros. (memcpy with a variable count would be a call, around
// which all sums are spilled.)
inline int32_t load_word(const uint8_t* bytes, size_t count) {
  int32_t word = 0;
  if (count == 4) {
    memcpy(&word, bytes, sizeof(word));
  } else {
    word = bytes[0];
    if (count > 1) word |= bytes[1] << 8;
    if (count > 2) word |= bytes[2] << 16;
  }
  return word;
}

inline __m256i broadcast_word(const uint8_t* bytes, size_t count) {
  __m256i vector = _mm256_set1_epi32(load_word(bytes, count));
  OCTAVO_IN_REGISTER(vector);
  return vector;
}

template <int MR, int NV>
__attribute__((always_inline)) inline void step(__m256i (&sums)[MR][NV], const uint8_t* lhs,
                                                size_t stride, size_t count,
                                                const int8_t* weights) {
  __m256i w[NV];
#pragma GCC unroll 2
  for (int j = 0; j < NV; ++j) {
    w[j] = _mm256_load_si256(reinterpret_cast<const __m256i*>(weights + 4 * kLanes * j));
  }
#pragma GCC unroll 6
  for (int i = 0; i < MR; ++i) {
    const __m256i a = broadcast_word(lhs + i * stride, count);
#pragma GCC unroll 2
    for (int j = 0; j < NV; ++j) sums[i][j] = _mm256_dpbusd_avx_epi32(sums[i][j], a, w[j]);
  }
}

template <int MR, int NV>
void run_tile(const Tile& tile) {
  __m256i sums[MR][NV];
#pragma GCC unroll 6
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
    step<MR, NV>(sums, lhs + k, tile.lhs_stride, 4, weights);
  }
  if (k < tile.depth) step<MR, NV>(sums, lhs + k, tile.lhs_stride, tile.depth - k, weights);
#pragma GCC unroll 6
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
    case 4:
      return run_tile<4, NV>(tile);
    case 5:
      return run_tile<5, NV>(tile);
    default:
      return run_tile<6, NV>(tile);
  }
}

}  // namespace

void gemm_u8s8s32_x86_avxvnni(const Tile& tile) {
  if (tile.columns <= kLanes) return run_rows<1>(tile);
  run_rows<2>(tile);
}

}  // namespace octavo
