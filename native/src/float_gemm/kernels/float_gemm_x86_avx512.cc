// 12 x 32 tiles in 24 of the 32 registers.
#include <immintrin.h>

#include "float_gemm/float_tile_loop.h"

#if !defined(__AVX512F__)
#error "compile this file with AVX-512"
#endif

namespace octavo {
namespace {

struct Zmm {
  static constexpr size_t lanes = 16;
  using T = __m512;
  static void end_row() {}
  static T zero() { return _mm512_setzero_ps(); }
  static T set(float x) { return _mm512_set1_ps(x); }
  static T load(const float* p) { return _mm512_loadu_ps(p); }
  static void store(float* p, T v) { _mm512_storeu_ps(p, v); }
  static __mmask16 first(size_t count) { return static_cast<__mmask16>((1u << count) - 1); }
  static T load_first(const float* p, size_t count) {
    return _mm512_maskz_loadu_ps(first(count), p);
  }
  static void store_first(float* p, T v, size_t count) {
    _mm512_mask_storeu_ps(p, first(count), v);
  }
  static T fma(T a, T b, T c) { return _mm512_fmadd_ps(a, b, c); }
  static T add(T a, T b) { return _mm512_add_ps(a, b); }
  static T mul(T a, T b) { return _mm512_mul_ps(a, b); }
  static T min(T a, T b) { return _mm512_min_ps(a, b); }
  static T max(T a, T b) { return _mm512_max_ps(a, b); }
  static T select_negative(T x, T a, T b) {
    return _mm512_mask_blend_ps(_mm512_cmp_ps_mask(x, zero(), _CMP_LT_OQ), b, a);
  }
};

struct F32 {
  using Element = float;
  static __m512 load(const float* p) { return _mm512_load_ps(p); }
};

struct F16 {
  using Element = uint16_t;
  static __m512 load(const uint16_t* p) {
    return _mm512_cvtph_ps(_mm256_load_si256(reinterpret_cast<const __m256i*>(p)));
  }
};

struct BF16 {
  using Element = uint16_t;
  static __m512 load(const uint16_t* p) {
    const __m256i halves = _mm256_load_si256(reinterpret_cast<const __m256i*>(p));
    return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(halves), 16));
  }
};

}  // namespace

void float_gemm_f32_x86_avx512(const FloatTile& tile) { run_float_tile<Zmm, F32, 12, 2>(tile); }
void float_gemm_f16_x86_avx512(const FloatTile& tile) { run_float_tile<Zmm, F16, 12, 2>(tile); }
void float_gemm_bf16_x86_avx512(const FloatTile& tile) { run_float_tile<Zmm, BF16, 12, 2>(tile); }

}  // namespace octavo
