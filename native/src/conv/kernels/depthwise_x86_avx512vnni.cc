// vpdpwssd adds two products of 16-bit values to each of 16 int32 lanes: two taps at a time, their
// values interleaved.
#include <immintrin.h>
#include <string.h>

#include "conv/depthwise_kernel.h"

#if !defined(__AVX512VNNI__) || !defined(__AVX512BW__)
#error "compile this file with AVX-512 F, BW, DQ, VL and VNNI"
#endif

namespace octavo {
namespace {

constexpr size_t kStep = 32;
static_assert(kStep <= kDepthwiseSlack, "a step goes further beyond the end than callers allow");

inline __m512i broadcast_pair(const int16_t* weights) {
  int32_t pair;
  memcpy(&pair, weights, sizeof(pair));
  return _mm512_set1_epi32(pair);
}

}  // namespace

void depthwise_x86_avx512vnni(const DepthwiseRun& run) {
  // Interleaving leaves each 128 bits with four outputs of the lower and four of the upper half.
  const __m512i first = _mm512_setr_epi64(0, 1, 8, 9, 2, 3, 10, 11);
  const __m512i second = _mm512_setr_epi64(4, 5, 12, 13, 6, 7, 14, 15);
  const __m512i bias = _mm512_set1_epi32(static_cast<int32_t>(run.bias));
  for (size_t i = 0; i < run.count; i += kStep) {
    __m512i low = bias, high = bias;
    for (size_t t = 0; t < run.taps; t += 2) {
      const __m512i a = _mm512_loadu_si512(run.values + run.offsets[t] + i);
      const __m512i b = _mm512_loadu_si512(run.values + run.offsets[t + 1] + i);
      const __m512i weights = broadcast_pair(run.weights + t);
      low = _mm512_dpwssd_epi32(low, _mm512_unpacklo_epi16(a, b), weights);
      high = _mm512_dpwssd_epi32(high, _mm512_unpackhi_epi16(a, b), weights);
    }
    _mm512_storeu_si512(run.acc + i, _mm512_permutex2var_epi64(low, first, high));
    _mm512_storeu_si512(run.acc + i + 16, _mm512_permutex2var_epi64(low, second, high));
  }
}

}  // namespace octavo
