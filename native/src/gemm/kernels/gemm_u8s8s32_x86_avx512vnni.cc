// vpdpbusd adds four u8 x s8 products to each of 16 int32 lanes. A tile keeps MR x 16*NV sums in
// registers; each step of four k loads NV vectors of weights and broadcasts MR words of the left.
#include <immintrin.h>
#include <string.h>

#include "gemm/microkernel.h"

#if !defined(__AVX512VNNI__) || !defined(__AVX512BW__) || !defined(__AVX512VL__)
#error "compile this file with AVX-512 F, BW, DQ, VL and VNNI"
#endif

namespace octavo {
namespace {

constexpr int kLanes = 16;

// Keeps a loaded vector in a register: gcc would fold a broadcast into each vpdpbusd that uses it,
// and four broadcasting loads in the place of one cost a quarter of the speed.
#ifdef OCTAVO_EMULATE
#define OCTAVO_IN_REGISTER(vector) static_cast<void>(vector)
#else
#define OCTAVO_IN_REGISTER(vector) __asm__("" : "+v"(vector))
#endif

inline __m512i broadcast_word(const uint8_t* bytes) {
  int32_t word;
  memcpy(&word, bytes, sizeof(word));
  __m512i vector = _mm512_set1_epi32(word);
  OCTAVO_IN_REGISTER(vector);
  return vector;
}

inline __m512i broadcast_partial_word(const uint8_t* bytes, size_t count) {
  const __mmask16 present = static_cast<__mmask16>((1u << count) - 1u);
  return _mm512_broadcastd_epi32(_mm_maskz_loadu_epi8(present, bytes));
}

// Few sums leave the multipliers waiting for each other: a small tile keeps two sets, of even and
// odd steps.
template <int MR, int NV>
constexpr int sets_of_sums() {
  return MR * NV <= 8 ? 2 : 1;
}

template <int MR, int NV, typename LoadLhs>
__attribute__((always_inline)) inline void step(__m512i (&sums)[MR][NV], const int8_t* weights,
                                                LoadLhs load_lhs) {
  __m512i w[NV];
#pragma GCC unroll 4
  for (int j = 0; j < NV; ++j) {
    w[j] = _mm512_load_si512(weights + 64 * j);
    OCTAVO_IN_REGISTER(w[j]);
  }
#pragma GCC unroll 6
  for (int i = 0; i < MR; ++i) {
    const __m512i a = load_lhs(i);
#pragma GCC unroll 4
    for (int j = 0; j < NV; ++j) sums[i][j] = _mm512_dpbusd_epi32(sums[i][j], a, w[j]);
  }
}

template <int MR, int NV>
void run_tile(const Tile& tile) {
  constexpr int kSets = sets_of_sums<MR, NV>();
  constexpr size_t kStepBytes = 64 * NV;
  __m512i sums[kSets][MR][NV];
#pragma GCC unroll 6
  for (int i = 0; i < MR; ++i) {
#pragma GCC unroll 4
    for (int j = 0; j < NV; ++j) {
      sums[0][i][j] = _mm512_loadu_si512(tile.init + i * tile.init_stride + kLanes * j);
      if (kSets == 2) sums[kSets - 1][i][j] = _mm512_setzero_si512();
    }
  }

  const size_t stride = tile.lhs_stride;
  const uint8_t* lhs = static_cast<const uint8_t*>(tile.lhs);
  const int8_t* weights = tile.panel;
  size_t steps = tile.depth / 4;
  for (; steps >= 2; steps -= 2, lhs += 8, weights += 2 * kStepBytes) {
    step<MR, NV>(sums[0], weights, [=](int i) { return broadcast_word(lhs + i * stride); });
    step<MR, NV>(sums[kSets - 1], weights + kStepBytes,
                 [=](int i) { return broadcast_word(lhs + 4 + i * stride); });
  }
  if (steps != 0) {
    step<MR, NV>(sums[0], weights, [=](int i) { return broadcast_word(lhs + i * stride); });
    lhs += 4;
    weights += kStepBytes;
  }
  if (const size_t left = tile.depth % 4; left != 0) {
    step<MR, NV>(sums[0], weights,
                 [=](int i) { return broadcast_partial_word(lhs + i * stride, left); });
  }

#pragma GCC unroll 6
  for (int i = 0; i < MR; ++i) {
#pragma GCC unroll 4
    for (int j = 0; j < NV; ++j) {
      const __m512i sum =
          kSets == 2 ? _mm512_add_epi32(sums[0][i][j], sums[kSets - 1][i][j]) : sums[0][i][j];
      _mm512_storeu_si512(tile.acc + i * tile.acc_stride + kLanes * j, sum);
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

void gemm_u8s8s32_x86_avx512vnni(const Tile& tile) {
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
