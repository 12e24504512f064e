// vpmaddubsw is exact for weights of 4 and 2 bits: a pair of products is at most 2 * 15 * 127, and
// several pairs fit 16 bits before vpmaddwd adds them up. Bytes are multiplied as 16-bit values.
#include <immintrin.h>

#include "block_gemm/block_tile_loop.h"

#if !defined(__AVX2__) || !defined(__FMA__) || !defined(__F16C__)
#error "compile this file with AVX2, FMA and F16C"
#endif

namespace octavo {
namespace {

struct Ymm {
  static constexpr size_t lanes = 8;
  using Int = __m256i;
  using Float = __m256;
  static Int quads(const uint8_t* p) {
    return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(p));
  }
  static Int load(const int32_t* p) {
    return _mm256_load_si256(reinterpret_cast<const __m256i*>(p));
  }
  static void store(int32_t* p, Int x) { _mm256_store_si256(reinterpret_cast<__m256i*>(p), x); }
  static Int broadcast(const uint8_t* p) {
    int32_t quad;
    __builtin_memcpy(&quad, p, sizeof(quad));
    return _mm256_set1_epi32(quad);
  }
  static void keep_order(Int& x) { __asm__ volatile("" : "+x"(x)); }
  static Int splat(int32_t x) { return _mm256_set1_epi32(x); }
  static Int add(Int a, Int b) { return _mm256_add_epi32(a, b); }
  static Int mul(Int a, Int b) { return _mm256_mullo_epi32(a, b); }
  static __m128i load_16_bytes(const uint8_t* p) {
    return _mm_loadu_si128(reinterpret_cast<const __m128i*>(p));
  }
  static Int bytes(const uint8_t* p) {
    return _mm256_cvtepu8_epi32(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(p)));
  }
  static Float floats(const uint8_t* p) { return load(reinterpret_cast<const float*>(p)); }
  static Float halves(const uint8_t* p) { return _mm256_cvtph_ps(load_16_bytes(p)); }
  static Float to_float(Int x) { return _mm256_cvtepi32_ps(x); }
  static Float splat(float x) { return _mm256_set1_ps(x); }
  static Float load(const float* p) { return _mm256_loadu_ps(p); }
  static void store(float* p, Float x) { _mm256_storeu_ps(p, x); }
  static Float mul(Float a, Float b) { return _mm256_mul_ps(a, b); }
  static Float fma(Float a, Float b, Float c) { return _mm256_fmadd_ps(a, b, c); }
};

template <int Bits>
struct Narrow {
  static constexpr int32_t lowered = 0;
  static constexpr int planes = 8 / Bits;
  // Each row adds 2 * planes products to each 16-bit sum.
  static constexpr size_t rows_per_chunk = 32767 / (((1 << Bits) - 1) * 127 * 2 * planes);
  template <int Plane>
  static __m256i unpack(__m256i packed) {
    const __m256i low = _mm256_set1_epi8((1 << Bits) - 1);
    return _mm256_and_si256(_mm256_srli_epi16(packed, Plane * Bits), low);
  }
  static __m256i add(__m256i sum, __m256i weights, __m256i lhs) {
    return _mm256_add_epi16(sum, _mm256_maddubs_epi16(weights, lhs));
  }
  static __m256i widen(__m256i sum) { return _mm256_madd_epi16(sum, _mm256_set1_epi16(1)); }
};

struct Bytes {
  static constexpr int32_t lowered = 0;
  static constexpr int planes = 2;
  static constexpr size_t rows_per_chunk = static_cast<size_t>(-1);
  template <int Plane>
  static __m256i unpack(__m256i packed) {
    if constexpr (Plane == 0) return _mm256_and_si256(packed, _mm256_set1_epi16(0xFF));
    return _mm256_srli_epi16(packed, 8);
  }
  static __m256i add(__m256i sum, __m256i weights, __m256i lhs) {
    return _mm256_add_epi32(sum, _mm256_madd_epi16(weights, lhs));
  }
  static __m256i widen(__m256i sum) { return sum; }
};

}  // namespace

void block_gemm_q2_x86_avx2fma(const BlockTile& tile) { run_block_rows<Ymm, Narrow<2>, 3>(tile); }
void block_gemm_q4_x86_avx2fma(const BlockTile& tile) { run_block_rows<Ymm, Narrow<4>, 4>(tile); }
void block_gemm_q8_x86_avx2fma(const BlockTile& tile) { run_block_rows<Ymm, Bytes, 3>(tile); }

}  // namespace octavo
