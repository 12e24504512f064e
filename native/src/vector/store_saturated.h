// Stores of 32-bit lanes as 8- and 16-bit values that saturate.
#ifndef OCTAVO_SRC_VECTOR_STORE_SATURATED_H_
#define OCTAVO_SRC_VECTOR_STORE_SATURATED_H_

#include "vector/vector.h"

namespace octavo {
namespace {

// As many lanes as fill a vector, each with `zero_point`, which the type has, added, at the nearest
// number that the type has. The lanes of bytes may be any, and those of uint16 any whose sums are
// int32. So may those of int16, or else too high by at most a zero point: such a sum wraps to a
// lowest word. Returns words: for bytes the lower of two, as they are without the zero point, else
// those stored, of which only int16 ones tell the lowest.

#if defined(__AVX512F__)

OCTAVO_INLINE __m512i lowest(__m512i a, __m512i b) { return _mm512_min_epi16(a, b); }
OCTAVO_INLINE bool any_is_lowest(__m512i words) {
  return _mm512_cmple_epi16_mask(words, _mm512_set1_epi16(INT16_MIN)) != 0;
}
OCTAVO_INLINE __m512i saturated_words(I32 a, I32 b) {
  return _mm512_packs_epi32(reinterpret_cast<__m512i>(a), reinterpret_cast<__m512i>(b));
}
OCTAVO_INLINE __m512i saturated_words(I32 a, I32 b, I32 zero_point) {
  return _mm512_adds_epi16(saturated_words(a, b), saturated_words(zero_point, zero_point));
}
OCTAVO_INLINE void store_bytes_in_order(void* to, __m512i bytes) {
  const __m512i order = _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
  store(to, _mm512_permutexvar_epi32(order, bytes));
}
OCTAVO_INLINE void store_words_in_order(void* to, __m512i words) {
  store(to, _mm512_permutexvar_epi64(_mm512_setr_epi64(0, 2, 4, 6, 1, 3, 5, 7), words));
}
OCTAVO_INLINE __m512i store_saturated(uint8_t* to, const I32 (&x)[4], I32 zero_point) {
  store_bytes_in_order(to, _mm512_packus_epi16(saturated_words(x[0], x[1], zero_point),
                                               saturated_words(x[2], x[3], zero_point)));
  return lowest(saturated_words(x[0], x[1]), saturated_words(x[2], x[3]));
}
OCTAVO_INLINE __m512i store_saturated(int8_t* to, const I32 (&x)[4], I32 zero_point) {
  store_bytes_in_order(to, _mm512_packs_epi16(saturated_words(x[0], x[1], zero_point),
                                              saturated_words(x[2], x[3], zero_point)));
  return lowest(saturated_words(x[0], x[1]), saturated_words(x[2], x[3]));
}
OCTAVO_INLINE __m512i store_saturated(int16_t* to, const I32 (&x)[2], I32 zero_point) {
  const __m512i words =
      saturated_words(wrapped_sum(x[0], zero_point), wrapped_sum(x[1], zero_point));
  store_words_in_order(to, words);
  return words;
}
OCTAVO_INLINE __m512i store_saturated(uint16_t* to, const I32 (&x)[2], I32 zero_point) {
  const __m512i words = _mm512_packus_epi32(reinterpret_cast<__m512i>(x[0] + zero_point),
                                         reinterpret_cast<__m512i>(x[1] + zero_point));
  store_words_in_order(to, words);
  return words;
}

#elif defined(__AVX2__)

OCTAVO_INLINE __m256i lowest(__m256i a, __m256i b) { return _mm256_min_epi16(a, b); }
OCTAVO_INLINE bool any_is_lowest(__m256i words) {
  return _mm256_movemask_epi8(_mm256_cmpeq_epi16(words, _mm256_set1_epi16(INT16_MIN))) != 0;
}
OCTAVO_INLINE __m256i saturated_words(I32 a, I32 b) {
  return _mm256_packs_epi32(reinterpret_cast<__m256i>(a), reinterpret_cast<__m256i>(b));
}
OCTAVO_INLINE __m256i saturated_words(I32 a, I32 b, I32 zero_point) {
  return _mm256_adds_epi16(saturated_words(a, b), saturated_words(zero_point, zero_point));
}
OCTAVO_INLINE void store_bytes_in_order(void* to, __m256i bytes) {
  const __m256i order = _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7);
  store(to, _mm256_permutevar8x32_epi32(bytes, order));
}
OCTAVO_INLINE void store_words_in_order(void* to, __m256i words) {
  store(to, _mm256_permute4x64_epi64(words, 0xD8));
}
OCTAVO_INLINE __m256i store_saturated(uint8_t* to, const I32 (&x)[4], I32 zero_point) {
  store_bytes_in_order(to, _mm256_packus_epi16(saturated_words(x[0], x[1], zero_point),
                                               saturated_words(x[2], x[3], zero_point)));
  return lowest(saturated_words(x[0], x[1]), saturated_words(x[2], x[3]));
}
OCTAVO_INLINE __m256i store_saturated(int8_t* to, const I32 (&x)[4], I32 zero_point) {
  store_bytes_in_order(to, _mm256_packs_epi16(saturated_words(x[0], x[1], zero_point),
                                              saturated_words(x[2], x[3], zero_point)));
  return lowest(saturated_words(x[0], x[1]), saturated_words(x[2], x[3]));
}
OCTAVO_INLINE __m256i store_saturated(int16_t* to, const I32 (&x)[2], I32 zero_point) {
  const __m256i words =
      saturated_words(wrapped_sum(x[0], zero_point), wrapped_sum(x[1], zero_point));
  store_words_in_order(to, words);
  return words;
}
OCTAVO_INLINE __m256i store_saturated(uint16_t* to, const I32 (&x)[2], I32 zero_point) {
  const __m256i words = _mm256_packus_epi32(reinterpret_cast<__m256i>(x[0] + zero_point),
                                         reinterpret_cast<__m256i>(x[1] + zero_point));
  store_words_in_order(to, words);
  return words;
}

#endif

}  // namespace
}  // namespace octavo

#endif  // OCTAVO_SRC_VECTOR_STORE_SATURATED_H_
