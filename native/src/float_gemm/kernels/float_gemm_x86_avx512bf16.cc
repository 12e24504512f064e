// vdpbf16ps adds two products of bfloat16 to each of 16 floats.
#include "float_gemm/kernels/float_zmm.h"

#if !defined(__AVX512BF16__)
#error "compile this file with AVX-512 and BF16"
#endif

namespace octavo {
namespace {

struct Pairs {
  using Element = float;
  static __m512 load(const float* p) { return _mm512_load_ps(p); }
  static __m512 multiply_add(__m512 a, __m512 w, __m512 c) {
    return _mm512_dpbf16_ps(c, (__m512bh)a, (__m512bh)w);
  }
};

}  // namespace

void float_gemm_bf16pairs_x86_avx512bf16(const FloatTile& tile) {
  run_float_tile<Zmm, Pairs, 12, 2>(tile);
}

}  // namespace octavo
