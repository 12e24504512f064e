// 6 x 16 tiles in 12 of the 16 registers: two weight vectors and one broadcast remain.
#include <immintrin.h>

#include "float_gemm/float_tile_loop.h"

#if !defined(__AVX2__) || !defined(__FMA__) || !defined(__F16C__)
#error "compile this file with AVX2, FMA and F16C"
#endif

namespace octavo {
namespace {

struct Ymm {
  static constexpr size_t lanes = 8;
  using T = __m256;
  static void end_row() {}
  static T zero() { return _mm256_setzero_ps(); }
  static T set(float x) { return _mm256_set1_ps(x); }
  static T load(const float* p) { return _mm256_loadu_ps(p); }
  static void store(float* p, T v) { _mm256_storeu_ps(p, v); }
  static __m256i first(size_t count) {
    const __m256i lane = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
    return _mm256_cmpgt_epi32(_mm256_set1_epi32(static_cast<int>(count)), lane);
  }
  static T load_first(const float* p, size_t count) { return _mm256_maskload_ps(p, first(count)); }
  static void store_first(float* p, T v, size_t count) { _mm256_maskstore_ps(p, first(count), v); }
  static T fma(T a, T b, T c) { return _mm256_fmadd_ps(a, b, c); }
  static T add(T a, T b) { return _mm256_add_ps(a, b); }
  static T mul(T a, T b) { return _mm256_mul_ps(a, b); }
  static T min(T a, T b) { return _mm256_min_ps(a, b); }
  static T max(T a, T b) { return _mm256_max_ps(a, b); }
  static T low(T x) { return _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_castps_si256(x), 16)); }
  static T high(T x) {
    return _mm256_castsi256_ps(
        _mm256_and_si256(_mm256_castps_si256(x), _mm256_set1_epi32(-0x10000)));
  }
  static T select_negative(T x, T a, T b) {
    return _mm256_blendv_ps(b, a, _mm256_cmp_ps(x, zero(), _CMP_LT_OQ));
  }
};

struct F32 : FloatProduct<Ymm> {
  using Element = float;
  static __m256 load(const float* p) { return _mm256_load_ps(p); }
};

struct F16 : FloatProduct<Ymm> {
  using Element = uint16_t;
  static __m256 load(const uint16_t* p) {
    return _mm256_cvtph_ps(_mm_load_si128(reinterpret_cast<const __m128i*>(p)));
  }
};

struct BF16 : FloatProduct<Ymm> {
  using Element = uint16_t;
  static __m256 load(const uint16_t* p) {
    const __m128i halves = _mm_load_si128(reinterpret_cast<const __m128i*>(p));
    return _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_cvtepu16_epi32(halves), 16));
  }
};

}  // namespace

void float_gemm_f32_x86_avx2fma(const FloatTile& tile) { run_float_tile<Ymm, F32, 6, 2>(tile); }
void float_gemm_f16_x86_avx2fma(const FloatTile& tile) { run_float_tile<Ymm, F16, 6, 2>(tile); }
void float_gemm_bf16_x86_avx2fma(const FloatTile& tile) { run_float_tile<Ymm, BF16, 6, 2>(tile); }
// Both numbers of each weight take a register: fewer rows leave room for them.
void float_gemm_bf16pairs_x86_avx2fma(const FloatTile& tile) {
  run_float_tile<Ymm, BfloatPairs<Ymm>, 4, 2>(tile);
}

}  // namespace octavo
