// Vectors of 32-bit lanes, as wide as the instruction set that the including file is compiled for.
// Arithmetic and comparisons are the operators of the compilers' vector extensions; what those lack
// is below. Lanes follow IEEE: no reassociation, no fusion but by `fused`.
//
// Everything has internal linkage, so that no tier's code can stand in for another's.
#ifndef OCTAVO_SRC_VECTOR_VECTOR_H_
#define OCTAVO_SRC_VECTOR_VECTOR_H_

#include <stddef.h>
#include <stdint.h>

#if defined(__x86_64__)
#include <immintrin.h>
#elif defined(__aarch64__)
#include <arm_neon.h>
#endif

#include "base/aligned_memory.h"

#if defined(__AVX512F__)
#define OCTAVO_VECTOR_BYTES 64
#elif defined(__AVX2__)
#define OCTAVO_VECTOR_BYTES 32
#else
#define OCTAVO_VECTOR_BYTES 16
#endif

#define OCTAVO_INLINE inline __attribute__((always_inline))
#define OCTAVO_LAMBDA_INLINE __attribute__((always_inline))

namespace octavo {
namespace {

constexpr size_t kLanes = OCTAVO_VECTOR_BYTES / 4;

typedef float F32 __attribute__((vector_size(OCTAVO_VECTOR_BYTES)));
typedef int32_t I32 __attribute__((vector_size(OCTAVO_VECTOR_BYTES)));
typedef uint32_t U32 __attribute__((vector_size(OCTAVO_VECTOR_BYTES)));

template <typename V>
OCTAVO_INLINE V load(const void* from) {
  V value;
  __builtin_memcpy(&value, from, sizeof(V));
  return value;
}

// Into a register, for several instructions: compilers have each of them read memory.
template <typename V>
OCTAVO_INLINE V load_once(const void* from) {
  V value = load<V>(from);
#if defined(__AVX512F__) && !defined(OCTAVO_EMULATE)
  __asm__("" : "+v"(value));
#elif defined(__x86_64__) && !defined(OCTAVO_EMULATE)
  __asm__("" : "+x"(value));
#endif
  return value;
}

template <typename V>
OCTAVO_INLINE void store(void* to, V value) {
  __builtin_memcpy(to, &value, sizeof(V));
}

// Of a stream that is read once: what comes two pages later. Hardware looks less far ahead. Into
// the second-level cache, which can wait for more lines than the first. What caches hold already is
// found sooner without.
template <bool kFromMemory = true, typename T>
OCTAVO_INLINE void prefetch_ahead(const T* from) {
  constexpr uintptr_t kAhead = 8192;
  constexpr int kSecondLevel = 2;
  if constexpr (kFromMemory) {
    __builtin_prefetch(reinterpret_cast<const void*>(reinterpret_cast<uintptr_t>(from) + kAhead), 0,
                       kSecondLevel);
  }
}

// The first `count` lanes; the others are zero, or are not stored.
template <typename V>
OCTAVO_INLINE V load_some(const void* from, size_t count) {
  V value{};
  __builtin_memcpy(&value, from, count * sizeof(value[0]));
  return value;
}

template <typename V>
OCTAVO_INLINE void store_some(void* to, V value, size_t count) {
  __builtin_memcpy(to, &value, count * sizeof(value[0]));
}

OCTAVO_INLINE F32 splat(float x) { return F32{} + x; }
OCTAVO_INLINE I32 splat(int32_t x) { return I32{} + x; }

OCTAVO_INLINE I32 as_int(F32 x) { return reinterpret_cast<I32>(x); }
OCTAVO_INLINE F32 as_float(I32 x) { return reinterpret_cast<F32>(x); }

// A lane of `mask` is all ones or all zeros.
OCTAVO_INLINE F32 choose(I32 mask, F32 yes, F32 no) {
#if defined(__AVX512F__)
  return _mm512_mask_blend_ps(_mm512_movepi32_mask(reinterpret_cast<__m512i>(mask)), no, yes);
#elif defined(__AVX2__)
  return _mm256_blendv_ps(no, yes, as_float(mask));
#else
  return as_float((mask & as_int(yes)) | (~mask & as_int(no)));
#endif
}

// `y` in lanes where x >= limit, 0 in others.
OCTAVO_INLINE F32 where_at_least(F32 x, F32 limit, F32 y) {
#if defined(__AVX512F__)
  return _mm512_maskz_mov_ps(_mm512_cmp_ps_mask(x, limit, _CMP_GE_OQ), y);
#else
  return as_float(as_int(y) & (x >= limit));
#endif
}

// Whether any lane of `mask` is all ones.
OCTAVO_INLINE bool any(I32 mask) {
#if defined(__AVX512F__)
  return _mm512_movepi32_mask(reinterpret_cast<__m512i>(mask)) != 0;
#elif defined(__AVX2__)
  return _mm256_movemask_ps(as_float(mask)) != 0;
#else
  int32_t found = 0;
  for (size_t i = 0; i < kLanes; ++i) found |= mask[i];
  return found != 0;
#endif
}

// The second operand where either is NaN.
OCTAVO_INLINE F32 min(F32 a, F32 b) {
#if defined(__AVX512F__)
  return _mm512_min_ps(a, b);
#elif defined(__AVX2__)
  return _mm256_min_ps(a, b);
#elif defined(__x86_64__)
  return _mm_min_ps(a, b);
#else
  return choose(a < b, a, b);
#endif
}

OCTAVO_INLINE F32 max(F32 a, F32 b) {
#if defined(__AVX512F__)
  return _mm512_max_ps(a, b);
#elif defined(__AVX2__)
  return _mm256_max_ps(a, b);
#elif defined(__x86_64__)
  return _mm_max_ps(a, b);
#else
  return choose(a > b, a, b);
#endif
}

OCTAVO_INLINE I32 highest(I32 a, I32 b) {
#if defined(__AVX512F__)
  return reinterpret_cast<I32>(
      _mm512_max_epi32(reinterpret_cast<__m512i>(a), reinterpret_cast<__m512i>(b)));
#else
  return a > b ? a : b;
#endif
}

OCTAVO_INLINE U32 highest(U32 a, U32 b) {
#if defined(__AVX512F__)
  return reinterpret_cast<U32>(
      _mm512_max_epu32(reinterpret_cast<__m512i>(a), reinterpret_cast<__m512i>(b)));
#else
  return a > b ? a : b;
#endif
}

// NaN stays NaN.
OCTAVO_INLINE F32 clamp(F32 x, F32 low, F32 high) { return min(high, max(low, x)); }

OCTAVO_INLINE F32 abs(F32 x) { return as_float(as_int(x) & 0x7FFFFFFF); }
// The magnitude of one, which is not negative, with the sign of the other.
OCTAVO_INLINE F32 with_sign(F32 magnitude, F32 sign) {
  return as_float(as_int(magnitude) | (as_int(sign) & INT32_MIN));
}

OCTAVO_INLINE F32 sqrt(F32 x) {
#if defined(__AVX512F__)
  return _mm512_sqrt_ps(x);
#elif defined(__AVX2__)
  return _mm256_sqrt_ps(x);
#elif defined(__x86_64__)
  return _mm_sqrt_ps(x);
#elif defined(__aarch64__)
  return vsqrtq_f32(x);
#else
  F32 y{};
  for (size_t i = 0; i < kLanes; ++i) y[i] = __builtin_sqrtf(x[i]);
  return y;
#endif
}

// a * b + c, rounded once on every tier.
OCTAVO_INLINE F32 fused(F32 a, F32 b, F32 c) {
#if defined(__AVX512F__)
  return _mm512_fmadd_ps(a, b, c);
#elif defined(__FMA__)
  return _mm256_fmadd_ps(a, b, c);
#elif defined(__aarch64__)
  return vfmaq_f32(c, a, b);
#else
  F32 y{};
  for (size_t i = 0; i < kLanes; ++i) y[i] = __builtin_fmaf(a[i], b[i], c[i]);
  return y;
#endif
}

// a * b + c, rounded once where the instruction exists and twice where it does not.
OCTAVO_INLINE F32 multiply_add(F32 a, F32 b, F32 c) {
#if defined(__FMA__) || defined(__aarch64__)
  return fused(a, b, c);
#else
  return a * b + c;
#endif
}

// Modulo 2^32.
OCTAVO_INLINE I32 wrapped_sum(I32 a, I32 b) {
  return reinterpret_cast<I32>(reinterpret_cast<U32>(a) + reinterpret_cast<U32>(b));
}
OCTAVO_INLINE I32 difference(I32 a, I32 b) {
  return reinterpret_cast<I32>(reinterpret_cast<U32>(a) - reinterpret_cast<U32>(b));
}

OCTAVO_INLINE F32 to_float(I32 x) { return __builtin_convertvector(x, F32); }

// Rounds to nearest, ties to even; |x| < 2^31.
OCTAVO_INLINE I32 round_to_int(F32 x) {
#if defined(__AVX512F__)
  return reinterpret_cast<I32>(_mm512_cvtps_epi32(x));
#elif defined(__AVX2__)
  return reinterpret_cast<I32>(_mm256_cvtps_epi32(x));
#elif defined(__x86_64__)
  return reinterpret_cast<I32>(_mm_cvtps_epi32(x));
#elif defined(__aarch64__)
  return vcvtnq_s32_f32(x);
#else
  I32 y{};
  for (size_t i = 0; i < kLanes; ++i) y[i] = static_cast<int32_t>(__builtin_rintf(x[i]));
  return y;
#endif
}

OCTAVO_INLINE float sum_lanes(F32 x) {
  float sum = 0;
  for (size_t i = 0; i < kLanes; ++i) sum += x[i];
  return sum;
}

#if defined(__AVX2__)
// `combine` of all lanes, in halves.
template <typename Combine>
OCTAVO_INLINE int32_t reduce_lanes(I32 x, Combine combine) {
#if defined(__AVX512F__)
  const __m512i all = reinterpret_cast<__m512i>(x);
  const __m256i high = _mm512_extracti64x4_epi64(all, 1), low = _mm512_castsi512_si256(all);
  const __m256i lanes = _mm256_setr_m128i(
      combine(_mm256_castsi256_si128(low), _mm256_castsi256_si128(high)),
      combine(_mm256_extracti128_si256(low, 1), _mm256_extracti128_si256(high, 1)));
#else
  const __m256i lanes = reinterpret_cast<__m256i>(x);
#endif
  __m128i y = combine(_mm256_castsi256_si128(lanes), _mm256_extracti128_si256(lanes, 1));
  y = combine(y, _mm_shuffle_epi32(y, 0x4E));
  return _mm_cvtsi128_si32(combine(y, _mm_shuffle_epi32(y, 0xB1)));
}
#endif

// `combine` of all lanes, in every lane, without branches on what is found.
template <typename Combine>
OCTAVO_INLINE F32 fold_lanes(F32 x, Combine combine) {
#if defined(__AVX512F__)
  F32 y = combine(x, static_cast<F32>(_mm512_shuffle_f32x4(x, x, 0x4E)));
  y = combine(y, static_cast<F32>(_mm512_shuffle_f32x4(y, y, 0xB1)));
  y = combine(y, static_cast<F32>(_mm512_permute_ps(y, 0x4E)));
  return combine(y, static_cast<F32>(_mm512_permute_ps(y, 0xB1)));
#elif defined(__AVX2__)
  F32 y = combine(x, static_cast<F32>(_mm256_permute2f128_ps(x, x, 1)));
  y = combine(y, static_cast<F32>(_mm256_permute_ps(y, 0x4E)));
  return combine(y, static_cast<F32>(_mm256_permute_ps(y, 0xB1)));
#else
  F32 y = splat(x[0]);
  for (size_t i = 1; i < kLanes; ++i) y = combine(splat(x[i]), y);
  return y;
#endif
}
OCTAVO_INLINE float lowest_lane(F32 x) {
  return fold_lanes(x, [](F32 a, F32 b) OCTAVO_LAMBDA_INLINE { return min(a, b); })[0];
}
OCTAVO_INLINE float highest_lane(F32 x) {
  return fold_lanes(x, [](F32 a, F32 b) OCTAVO_LAMBDA_INLINE { return max(a, b); })[0];
}

// Modulo 2^32.
OCTAVO_INLINE int32_t sum_lanes(I32 x) {
#if defined(__AVX2__)
  return reduce_lanes(
      x, [](__m128i a, __m128i b) OCTAVO_LAMBDA_INLINE { return _mm_add_epi32(a, b); });
#else
  uint32_t sum = 0;
  for (size_t i = 0; i < kLanes; ++i) sum += static_cast<uint32_t>(x[i]);
  return static_cast<int32_t>(sum);
#endif
}

OCTAVO_INLINE int32_t highest_lane(I32 x) {
#if defined(__AVX2__)
  return reduce_lanes(
      x, [](__m128i a, __m128i b) OCTAVO_LAMBDA_INLINE { return _mm_max_epi32(a, b); });
#else
  int32_t most = x[0];
  for (size_t i = 1; i < kLanes; ++i) most = most > x[i] ? most : x[i];
  return most;
#endif
}

}  // namespace
}  // namespace octavo

#endif  // OCTAVO_SRC_VECTOR_VECTOR_H_
