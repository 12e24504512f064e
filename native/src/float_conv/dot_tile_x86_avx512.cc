// 6 rows by 4 columns in 24 of the 32 registers.
#include <immintrin.h>

#include "float_conv/dot_tile_loop.h"

#if !defined(__AVX512F__)
#error "compile this file with AVX-512"
#endif

namespace octavo {
namespace {

struct Zmm {
  static constexpr size_t lanes = 16;
  using T = __m512;
  static T zero() { return _mm512_setzero_ps(); }
  static T load(const float* p) { return _mm512_loadu_ps(p); }
  static T load_first(const float* p, size_t count) {
    return _mm512_maskz_loadu_ps(static_cast<__mmask16>((1u << count) - 1), p);
  }
  static T fma(T a, T b, T c) { return _mm512_fmadd_ps(a, b, c); }
  static float sum(T x) { return _mm512_reduce_add_ps(x); }
  // More pointers to rows would leave the general registers.
  static constexpr size_t rows(size_t) { return 6; }
};

}  // namespace

const DotTileKernels dot_tile_x86_avx512 = {run_dot_tile<Zmm>};

}  // namespace octavo
