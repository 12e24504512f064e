// 12 x 32 tiles in 24 of the 32 registers.
#include "float_gemm/kernels/float_zmm.h"

#if !defined(__AVX512F__)
#error "compile this file with AVX-512"
#endif

namespace octavo {
namespace {

struct F32 : FloatProduct<Zmm> {
  using Element = float;
  static __m512 load(const float* p) { return _mm512_load_ps(p); }
};

struct F16 : FloatProduct<Zmm> {
  using Element = uint16_t;
  static __m512 load(const uint16_t* p) {
    return _mm512_cvtph_ps(_mm256_load_si256(reinterpret_cast<const __m256i*>(p)));
  }
};

struct BF16 : FloatProduct<Zmm> {
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
