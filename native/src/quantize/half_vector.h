// Conversions between floats and 16-bit floats: IEEE, to nearest even; a NaN stays one, quieted.
#ifndef OCTAVO_SRC_QUANTIZE_HALF_VECTOR_H_
#define OCTAVO_SRC_QUANTIZE_HALF_VECTOR_H_

#include "vector/narrow.h"
#include "vector/store_saturated.h"

namespace octavo {
namespace {

constexpr int32_t kFloatInfinity = 0x7F800000;

OCTAVO_INLINE I32 pick(I32 mask, I32 yes, I32 no) { return (mask & yes) | (~mask & no); }

// Without a sign, because the carry may run out of a NaN.
OCTAVO_INLINE I32 to_bfloat(I32 x) {
  const U32 bits = reinterpret_cast<U32>(x);
  const I32 rounded = reinterpret_cast<I32>(bits + 0x7FFFu + ((bits >> 16) & 1u)) >> 16;
  const I32 nan = (x & INT32_MAX) > kFloatInfinity;
  return pick(nan, (x >> 16) | 0x40, rounded);
}

// By the bits: adding 1/2 aligns a subnormal result's last digit with a float's, so that the sum is
// rounded there; elsewhere the carry of the rounding may run on into the exponent, and of a NaN out
// of the number.
OCTAVO_INLINE I32 to_half(I32 x) {
  const I32 sign = (x >> 16) & 0x8000;
  const I32 a = x & INT32_MAX;
  const I32 subnormal = as_int(as_float(a) + splat(0.5f)) - 0x3F000000;
  const U32 bits = reinterpret_cast<U32>(a);
  const U32 up = bits + 0xFFFu + ((bits >> 13) & 1u) - 0x38000000u;
  const I32 rounded = reinterpret_cast<I32>(up) >> 13;
  const I32 finite = pick(a >= 0x477FF000, splat(0x7C00), rounded);
  const I32 number = pick(a < 0x38800000, subnormal, finite);
  return sign | pick(a > kFloatInfinity, ((a >> 13) & 0x3FF) | 0x7E00, number);
}

// The product normalizes subnormal numbers, exactly.
OCTAVO_INLINE F32 from_half(I32 h) {
  const I32 magnitude = h & 0x7FFF;
  const I32 number = as_int(as_float(magnitude << 13) * splat(0x1p112f));
  const I32 special = (magnitude << 13) | kFloatInfinity | (0x400000 & (magnitude > 0x7C00));
  return as_float(((h & 0x8000) << 16) | pick(magnitude >= 0x7C00, special, number));
}

template <bool kFromMemory, typename Convert>
OCTAVO_INLINE void shorten(const float* in, size_t count, uint16_t* out, Convert convert) {
  size_t i = 0;
  for (; i + kLanes <= count; i += kLanes) {
    prefetch_ahead<kFromMemory>(in + i);
    store_narrow(out + i, convert(load<I32>(in + i)));
  }
  for (; i < count; ++i) {
    out[i] = static_cast<uint16_t>(convert(load_some<I32>(in + i, 1))[0]);
  }
}

#if defined(__AVX512F__)

constexpr struct WordOrder {
  alignas(64) uint16_t words[32];
} kUpperHalves = {{1,  3,  5,  7,  9,  11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31,
                   33, 35, 37, 39, 41, 43, 45, 47, 49, 51, 53, 55, 57, 59, 61, 63}};

// As words, whose operations take twice as many numbers. vpavgw makes half of what it adds, and 1:
// the top bit is the carry of the lower half into the upper one.
OCTAVO_INLINE void store_bfloats(uint16_t* to, I32 first, I32 second) {
  const __m512i a = reinterpret_cast<__m512i>(first), b = reinterpret_cast<__m512i>(second);
  const __m512i odd = load<__m512i>(kUpperHalves.words), one = _mm512_set1_epi16(1);
  const __m512i upper = _mm512_permutex2var_epi16(a, odd, b);
  const __m512i lower = _mm512_permutex2var_epi16(a, _mm512_sub_epi16(odd, one), b);
  const __m512i up = (upper & one) | _mm512_set1_epi16(0x7FFE);
  const __m512i carry = _mm512_srli_epi16(_mm512_avg_epu16(lower, up), 15);
  __m512i rounded = _mm512_add_epi16(upper, carry);
  const __m512i magnitude = upper & _mm512_set1_epi16(0x7FFF);
  constexpr int16_t kInfinity = 0x7F80;
  const __mmask32 special = _mm512_cmpge_epi16_mask(magnitude, _mm512_set1_epi16(kInfinity));
  if (special != 0) [[unlikely]] {
    const __mmask32 beyond = _mm512_cmpge_epi16_mask(magnitude, _mm512_set1_epi16(kInfinity + 1));
    const __mmask32 nan = beyond | (special & _mm512_test_epi16_mask(lower, lower));
    rounded = _mm512_mask_mov_epi16(rounded, nan, upper | _mm512_set1_epi16(0x40));
  }
  store(to, rounded);
}

#elif defined(__AVX2__)

// Two vectors fill one of words. NaN, of which the carry may run out, is rare.
OCTAVO_INLINE void store_bfloats(uint16_t* to, I32 first, I32 second) {
  const auto rounded = [](I32 x) OCTAVO_LAMBDA_INLINE {
    const U32 bits = reinterpret_cast<U32>(x);
    return reinterpret_cast<__m256i>((bits + 0x7FFFu + ((bits >> 16) & 1u)) >> 16);
  };
  const __m256 a = as_float(first), b = as_float(second);
  const __m256 nan = _mm256_or_ps(_mm256_cmp_ps(a, a, _CMP_UNORD_Q),
                                  _mm256_cmp_ps(b, b, _CMP_UNORD_Q));
  if (_mm256_movemask_ps(nan) != 0) [[unlikely]] {
    store_narrow(to, to_bfloat(first));
    store_narrow(to + kLanes, to_bfloat(second));
    return;
  }
  store_words_in_order(to, _mm256_packus_epi32(rounded(first), rounded(second)));
}

#endif

template <bool kFromMemory>
void floats_to_bfloats(const float* in, size_t count, uint16_t* out) {
  size_t i = 0;
#if defined(__AVX2__)
  for (; i + 2 * kLanes <= count; i += 2 * kLanes) {
    prefetch_ahead<kFromMemory>(in + i);
    prefetch_ahead<kFromMemory>(in + i + kLanes);
    store_bfloats(out + i, load_once<I32>(in + i), load_once<I32>(in + i + kLanes));
  }
#endif
  shorten<kFromMemory>(in + i, count - i, out + i,
                       [](I32 x) OCTAVO_LAMBDA_INLINE { return to_bfloat(x); });
}

template <bool kFromMemory>
void bfloats_to_floats(const uint16_t* in, size_t count, float* out) {
  size_t i = 0;
  for (; i + kLanes <= count; i += kLanes) {
    prefetch_ahead<kFromMemory>(in + i);
    store(out + i, load_wide(in + i) << 16);
  }
  for (; i < count; ++i) store_some(out + i, splat(static_cast<int32_t>(in[i])) << 16, 1);
}

template <bool kFromMemory>
void floats_to_halves(const float* in, size_t count, uint16_t* out) {
  size_t i = 0;
#if defined(__AVX512F__)
  for (; i + kLanes <= count; i += kLanes) {
    prefetch_ahead<kFromMemory>(in + i);
    store(out + i, _mm512_cvtps_ph(load<F32>(in + i), _MM_FROUND_TO_NEAREST_INT));
  }
#elif defined(__F16C__)
  for (; i + kLanes <= count; i += kLanes) {
    prefetch_ahead<kFromMemory>(in + i);
    store(out + i, _mm256_cvtps_ph(load<F32>(in + i), _MM_FROUND_TO_NEAREST_INT));
  }
#endif
  shorten<kFromMemory>(in + i, count - i, out + i,
                       [](I32 x) OCTAVO_LAMBDA_INLINE { return to_half(x); });
}

template <bool kFromMemory>
void halves_to_floats(const uint16_t* in, size_t count, float* out) {
  size_t i = 0;
#if defined(__AVX512F__)
  for (; i + kLanes <= count; i += kLanes) {
    prefetch_ahead<kFromMemory>(in + i);
    store(out + i, _mm512_cvtph_ps(load<__m256i>(in + i)));
  }
#elif defined(__F16C__)
  for (; i + kLanes <= count; i += kLanes) {
    prefetch_ahead<kFromMemory>(in + i);
    store(out + i, _mm256_cvtph_ps(load<__m128i>(in + i)));
  }
#else
  for (; i + kLanes <= count; i += kLanes) store(out + i, from_half(load_wide(in + i)));
#endif
  for (; i < count; ++i) out[i] = from_half(splat(static_cast<int32_t>(in[i])))[0];
}

}  // namespace
}  // namespace octavo

#endif  // OCTAVO_SRC_QUANTIZE_HALF_VECTOR_H_
