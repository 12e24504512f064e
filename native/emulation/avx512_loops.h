// The AVX-512 and AVX-VNNI intrinsics that SIMDe lacks, one lane at a time from Intel's
// definitions (https://www.intel.com/content/www/us/en/docs/intrinsics-guide). A kernel that needs
// another one fails to compile ("target specific option mismatch"): add it here.
#ifndef OCTAVO_EMULATION_AVX512_LOOPS_H_
#define OCTAVO_EMULATION_AVX512_LOOPS_H_

#include <math.h>
#include <stdint.h>
#include <string.h>

// A function from lanes to lanes: Result and Source are simde vector names, `f` and `g` the members
// of their private unions.
#define OCTAVO_LANEWISE(name, result, f, source, g, lanes, expression)                  \
  static inline simde__##result octavo_##name(simde__##source source_value) {           \
    const simde__##source##_private a = simde__##source##_to_private(source_value);     \
    simde__##result##_private r = simde__##result##_to_private(octavo_zero_##result()); \
    for (int i = 0; i < (lanes); ++i) r.f[i] = (expression);                            \
    return simde__##result##_from_private(r);                                           \
  }

static inline simde__m128i octavo_zero_m128i(void) { return simde_mm_setzero_si128(); }
static inline simde__m256i octavo_zero_m256i(void) { return simde_mm256_setzero_si256(); }
static inline simde__m512i octavo_zero_m512i(void) { return simde_mm512_setzero_si512(); }
static inline simde__m512 octavo_zero_m512(void) { return simde_mm512_setzero_ps(); }

// Conversions.
static inline int32_t octavo_rounded(float x) {
  return x >= -2147483648.0f && x < 2147483648.0f ? (int32_t)nearbyintf(x) : INT32_MIN;
}
OCTAVO_LANEWISE(cvtepi32_ps, m512, f32, m512i, i32, 16, (float)a.i32[i])
OCTAVO_LANEWISE(cvtps_epi32, m512i, i32, m512, f32, 16, octavo_rounded(a.f32[i]))
OCTAVO_LANEWISE(cvtepi8_epi32, m512i, i32, m128i, i8, 16, a.i8[i])
OCTAVO_LANEWISE(cvtepu8_epi32, m512i, i32, m128i, u8, 16, a.u8[i])
OCTAVO_LANEWISE(cvtepi16_epi32, m512i, i32, m256i, i16, 16, a.i16[i])
OCTAVO_LANEWISE(cvtepu16_epi32, m512i, i32, m256i, u16, 16, a.u16[i])
OCTAVO_LANEWISE(cvtepu8_epi16, m512i, i16, m256i, u8, 32, a.u8[i])
OCTAVO_LANEWISE(cvtepi32_epi8, m128i, i8, m512i, i32, 16, (int8_t)a.i32[i])
OCTAVO_LANEWISE(cvtepi32_epi16, m256i, i16, m512i, i32, 16, (int16_t)a.i32[i])
OCTAVO_LANEWISE(cvtepi16_epi8, m256i, i8, m512i, i16, 32, (int8_t)a.i16[i])
OCTAVO_LANEWISE(cvtusepi32_epi8, m128i, u8, m512i, u32, 16,
                (uint8_t)(a.u32[i] > 255 ? 255 : a.u32[i]))
#define _mm512_cvtepi32_ps(a) octavo_cvtepi32_ps(a)
#define _mm512_cvtps_epi32(a) octavo_cvtps_epi32(a)
#define _mm512_cvt_roundps_epi32(a, nearest) octavo_cvtps_epi32(a)
#define _mm512_maskz_cvtps_epi32(mask, a) simde_mm512_maskz_mov_epi32(mask, octavo_cvtps_epi32(a))
#define _mm512_cvtepi8_epi32(a) octavo_cvtepi8_epi32(a)
#define _mm512_cvtepu8_epi32(a) octavo_cvtepu8_epi32(a)
#define _mm512_cvtepi16_epi32(a) octavo_cvtepi16_epi32(a)
#define _mm512_cvtepu16_epi32(a) octavo_cvtepu16_epi32(a)
#define _mm512_cvtepu8_epi16(a) octavo_cvtepu8_epi16(a)
#define _mm512_cvtepi32_epi8(a) octavo_cvtepi32_epi8(a)
#define _mm512_cvtepi32_epi16(a) octavo_cvtepi32_epi16(a)
#define _mm512_cvtepi16_epi8(a) octavo_cvtepi16_epi8(a)
#define _mm512_cvtusepi32_epi8(a) octavo_cvtusepi32_epi8(a)

static inline simde__m512 octavo_cvtph_ps(simde__m256i halves) {
  simde__m512_private r = simde__m512_to_private(simde_mm512_setzero_ps());
  r.m256[0] = _mm256_cvtph_ps(_mm256_castsi256_si128(halves));
  r.m256[1] = _mm256_cvtph_ps(_mm256_extracti128_si256(halves, 1));
  return simde__m512_from_private(r);
}
static inline simde__m256i octavo_cvtps_ph(simde__m512 values) {
  const simde__m512_private a = simde__m512_to_private(values);
  return _mm256_set_m128i(_mm256_cvtps_ph(a.m256[1], _MM_FROUND_TO_NEAREST_INT),
                          _mm256_cvtps_ph(a.m256[0], _MM_FROUND_TO_NEAREST_INT));
}
#define _mm512_cvtph_ps(a) octavo_cvtph_ps(a)
#define _mm512_cvtps_ph(a, nearest) octavo_cvtps_ph(a)

// Shifts by a constant, and sums over all lanes in the order of the compilers' own.
#define OCTAVO_SHIFT(name, f, lanes, operation)                                 \
  static inline simde__m512i octavo_##name(simde__m512i value, unsigned bits) { \
    simde__m512i_private a = simde__m512i_to_private(value);                    \
    for (int i = 0; i < (lanes); ++i) a.f[i] = operation;                       \
    return simde__m512i_from_private(a);                                        \
  }
OCTAVO_SHIFT(srai_epi32, i32, 16, a.i32[i] >> (bits > 31 ? 31 : bits))
#define _mm512_srai_epi32(a, bits) octavo_srai_epi32(a, bits)

static inline float octavo_reduce_ps(simde__m512 value, bool maximum) {
  simde__m512_private a = simde__m512_to_private(value);
  for (int half = 8; half > 0; half /= 2) {
    for (int i = 0; i < half; ++i) {
      const float x = a.f32[i], y = a.f32[i + half];
      a.f32[i] = maximum ? (x > y ? x : y) : x + y;
    }
  }
  return a.f32[0];
}
static inline int32_t octavo_reduce_add_epi32(simde__m512i value) {
  const simde__m512i_private a = simde__m512i_to_private(value);
  uint32_t sum = 0;
  for (int i = 0; i < 16; ++i) sum += (uint32_t)a.i32[i];
  return (int32_t)sum;
}
#define _mm512_reduce_add_ps(a) octavo_reduce_ps(a, false)
#define _mm512_reduce_max_ps(a) octavo_reduce_ps(a, true)
#define _mm512_reduce_add_epi32(a) octavo_reduce_add_epi32(a)

// Lanes within quarters, and quarters.
static inline simde__m512 octavo_permute_ps(simde__m512 value, unsigned order) {
  const simde__m512_private a = simde__m512_to_private(value);
  simde__m512_private r = a;
  for (int i = 0; i < 16; ++i) r.f32[i] = a.f32[i / 4 * 4 + (int)(order >> i % 4 * 2 & 3u)];
  return simde__m512_from_private(r);
}
static inline simde__m512 octavo_shuffle_f32x4(simde__m512 low, simde__m512 high, unsigned order) {
  const simde__m512_private a = simde__m512_to_private(low), b = simde__m512_to_private(high);
  simde__m512_private r = a;
  for (int i = 0; i < 16; ++i) {
    const int from = (int)(order >> i / 4 * 2 & 3u) * 4 + i % 4;
    r.f32[i] = i < 8 ? a.f32[from] : b.f32[from];
  }
  return simde__m512_from_private(r);
}
#define _mm512_permute_ps(a, order) octavo_permute_ps(a, order)
#define _mm512_shuffle_f32x4(a, b, order) octavo_shuffle_f32x4(a, b, order)

// Stores past the cache, a half at a time.
static inline void octavo_stream_si512(simde__m512i* to, simde__m512i value) {
  const simde__m512i_private a = simde__m512i_to_private(value);
  _mm256_stream_si256((__m256i*)to, a.m256i[0]);
  _mm256_stream_si256((__m256i*)to + 1, a.m256i[1]);
}
#define _mm512_stream_si512(to, a) octavo_stream_si512(to, a)

// Masked loads and stores: they touch no byte whose lane is off.
#define OCTAVO_MASKED_MEMORY(suffix, vector, f, type, lanes)                                     \
  static inline simde__##vector octavo_maskz_loadu_##suffix(uint64_t mask, const void* memory) { \
    simde__##vector##_private r;                                                                 \
    memset(&r, 0, sizeof(r));                                                                    \
    for (int i = 0; i < (lanes); ++i) {                                                          \
      type lane = 0;                                                                             \
      if ((mask >> i & 1) != 0)                                                                  \
        memcpy(&lane, (const char*)memory + i * sizeof(type), sizeof(type));                     \
      r.f[i] = lane;                                                                             \
    }                                                                                            \
    return simde__##vector##_from_private(r);                                                    \
  }                                                                                              \
  static inline void octavo_mask_storeu_##suffix(void* memory, uint64_t mask,                    \
                                                 simde__##vector value) {                        \
    const simde__##vector##_private a = simde__##vector##_to_private(value);                     \
    for (int i = 0; i < (lanes); ++i) {                                                          \
      const type lane = a.f[i];                                                                  \
      if ((mask >> i & 1) != 0) memcpy((char*)memory + i * sizeof(type), &lane, sizeof(type));   \
    }                                                                                            \
  }
OCTAVO_MASKED_MEMORY(128_epi8, m128i, i8, int8_t, 16)
OCTAVO_MASKED_MEMORY(128_epi16, m128i, i16, int16_t, 8)
OCTAVO_MASKED_MEMORY(128_epi32, m128i, i32, int32_t, 4)
OCTAVO_MASKED_MEMORY(256_epi8, m256i, i8, int8_t, 32)
OCTAVO_MASKED_MEMORY(256_epi16, m256i, i16, int16_t, 16)
OCTAVO_MASKED_MEMORY(256_epi32, m256i, i32, int32_t, 8)
OCTAVO_MASKED_MEMORY(512_epi8, m512i, i8, int8_t, 64)
OCTAVO_MASKED_MEMORY(512_epi16, m512i, i16, int16_t, 32)
OCTAVO_MASKED_MEMORY(512_epi32, m512i, i32, int32_t, 16)
OCTAVO_MASKED_MEMORY(512_ps, m512, f32, float, 16)
OCTAVO_MASKED_MEMORY(256_ps, m256, f32, float, 8)
#define _mm_maskz_loadu_epi8(mask, p) octavo_maskz_loadu_128_epi8(mask, p)
#define _mm_maskz_loadu_epi16(mask, p) octavo_maskz_loadu_128_epi16(mask, p)
#define _mm_maskz_loadu_epi32(mask, p) octavo_maskz_loadu_128_epi32(mask, p)
#define _mm256_maskz_loadu_epi8(mask, p) octavo_maskz_loadu_256_epi8(mask, p)
#define _mm256_maskz_loadu_epi16(mask, p) octavo_maskz_loadu_256_epi16(mask, p)
#define _mm256_maskz_loadu_epi32(mask, p) octavo_maskz_loadu_256_epi32(mask, p)
#define _mm256_maskz_loadu_ps(mask, p) octavo_maskz_loadu_256_ps(mask, p)
#define _mm512_maskz_loadu_epi8(mask, p) octavo_maskz_loadu_512_epi8(mask, p)
#define _mm512_maskz_loadu_epi16(mask, p) octavo_maskz_loadu_512_epi16(mask, p)
#define _mm512_maskz_loadu_epi32(mask, p) octavo_maskz_loadu_512_epi32(mask, p)
#define _mm512_maskz_loadu_ps(mask, p) octavo_maskz_loadu_512_ps(mask, p)
#define _mm_mask_storeu_epi8(p, mask, a) octavo_mask_storeu_128_epi8(p, mask, a)
#define _mm_mask_storeu_epi16(p, mask, a) octavo_mask_storeu_128_epi16(p, mask, a)
#define _mm_mask_storeu_epi32(p, mask, a) octavo_mask_storeu_128_epi32(p, mask, a)
#define _mm256_mask_storeu_epi8(p, mask, a) octavo_mask_storeu_256_epi8(p, mask, a)
#define _mm256_mask_storeu_epi16(p, mask, a) octavo_mask_storeu_256_epi16(p, mask, a)
#define _mm256_mask_storeu_epi32(p, mask, a) octavo_mask_storeu_256_epi32(p, mask, a)
#define _mm256_mask_storeu_ps(p, mask, a) octavo_mask_storeu_256_ps(p, mask, a)
#define _mm512_mask_storeu_epi8(p, mask, a) octavo_mask_storeu_512_epi8(p, mask, a)
#define _mm512_mask_storeu_epi16(p, mask, a) octavo_mask_storeu_512_epi16(p, mask, a)
#define _mm512_mask_storeu_epi32(p, mask, a) octavo_mask_storeu_512_epi32(p, mask, a)
#define _mm512_mask_storeu_ps(p, mask, a) octavo_mask_storeu_512_ps(p, mask, a)

// AVX-VNNI has AVX512-VNNI's products under names of its own.
#define _mm256_dpbusd_avx_epi32(sum, a, b) simde_mm256_dpbusd_epi32(sum, a, b)
#define _mm256_dpwssd_avx_epi32(sum, a, b) simde_mm256_dpwssd_epi32(sum, a, b)
#define _mm_dpbusd_avx_epi32(sum, a, b) simde_mm_dpbusd_epi32(sum, a, b)

// bfloat16: round to nearest even, denormals and their products flushed as the instructions do.
static inline uint16_t octavo_bfloat16(float x) {
  uint32_t bits;
  memcpy(&bits, &x, sizeof(bits));
  if (x != x) return (uint16_t)(bits >> 16 | 0x40);
  if ((bits & 0x7F800000u) == 0) return (uint16_t)(bits >> 16 & 0x8000u);
  return (uint16_t)((bits + 0x7FFFu + (bits >> 16 & 1u)) >> 16);
}
static inline simde__m256bh octavo_cvtneps_pbh(simde__m512 values) {
  const simde__m512_private a = simde__m512_to_private(values);
  uint16_t lanes[16];
  for (int i = 0; i < 16; ++i) lanes[i] = octavo_bfloat16(a.f32[i]);
  simde__m256bh r;
  memcpy(&r, lanes, sizeof(r));
  return r;
}
#define _mm512_cvtneps_pbh(a) octavo_cvtneps_pbh(a)

#endif  // OCTAVO_EMULATION_AVX512_LOOPS_H_
