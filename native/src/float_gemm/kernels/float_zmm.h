// The vector trait of float_tile_loop.h on AVX-512.
//
// Everything here has internal linkage: it is compiled once for each instruction set.
#ifndef OCTAVO_SRC_FLOAT_GEMM_KERNELS_FLOAT_ZMM_H_
#define OCTAVO_SRC_FLOAT_GEMM_KERNELS_FLOAT_ZMM_H_

#include <immintrin.h>

#include "float_gemm/float_tile_loop.h"

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

}  // namespace
}  // namespace octavo

#endif  // OCTAVO_SRC_FLOAT_GEMM_KERNELS_FLOAT_ZMM_H_
