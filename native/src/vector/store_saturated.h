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

using Packed = __m512i;

OCTAVO_INLINE Packed lowest(Packed a, Packed b) { return _mm512_min_epi16(a, b); }
OCTAVO_INLINE bool any_is_lowest(Packed words) {
  return _mm512_cmple_epi16_mask(words, _mm512_set1_epi16(INT16_MIN)) != 0;
}
OCTAVO_INLINE Packed saturated_sum(Packed a, Packed b) { return _mm512_adds_epi16(a, b); }
// Each 128 bits of the result are of the same 128 bits of both operands.
OCTAVO_INLINE Packed pack(Packed a, Packed b, int16_t) { return _mm512_packs_epi32(a, b); }
OCTAVO_INLINE Packed pack(Packed a, Packed b, uint16_t) { return _mm512_packus_epi32(a, b); }
OCTAVO_INLINE Packed pack(Packed a, Packed b, int8_t) { return _mm512_packs_epi16(a, b); }
OCTAVO_INLINE Packed pack(Packed a, Packed b, uint8_t) { return _mm512_packus_epi16(a, b); }
OCTAVO_INLINE void store_bytes_in_order(void* to, Packed bytes) {
  const Packed order = _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
  store(to, _mm512_permutexvar_epi32(order, bytes));
}
OCTAVO_INLINE void store_words_in_order(void* to, Packed words) {
  store(to, _mm512_permutexvar_epi64(_mm512_setr_epi64(0, 2, 4, 6, 1, 3, 5, 7), words));
}

#elif defined(__AVX2__)

using Packed = __m256i;

OCTAVO_INLINE Packed lowest(Packed a, Packed b) { return _mm256_min_epi16(a, b); }
OCTAVO_INLINE bool any_is_lowest(Packed words) {
  return _mm256_movemask_epi8(_mm256_cmpeq_epi16(words, _mm256_set1_epi16(INT16_MIN))) != 0;
}
OCTAVO_INLINE Packed saturated_sum(Packed a, Packed b) { return _mm256_adds_epi16(a, b); }
OCTAVO_INLINE Packed pack(Packed a, Packed b, int16_t) { return _mm256_packs_epi32(a, b); }
OCTAVO_INLINE Packed pack(Packed a, Packed b, uint16_t) { return _mm256_packus_epi32(a, b); }
OCTAVO_INLINE Packed pack(Packed a, Packed b, int8_t) { return _mm256_packs_epi16(a, b); }
OCTAVO_INLINE Packed pack(Packed a, Packed b, uint8_t) { return _mm256_packus_epi16(a, b); }
OCTAVO_INLINE void store_bytes_in_order(void* to, Packed bytes) {
  const Packed order = _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7);
  store(to, _mm256_permutevar8x32_epi32(bytes, order));
}
OCTAVO_INLINE void store_words_in_order(void* to, Packed words) {
  store(to, _mm256_permute4x64_epi64(words, 0xD8));
}

#endif

#if defined(__AVX2__)

template <typename Word>
OCTAVO_INLINE Packed words_of(I32 a, I32 b) {
  return pack(reinterpret_cast<Packed>(a), reinterpret_cast<Packed>(b), Word{});
}

template <typename Byte>
  requires(sizeof(Byte) == 1)
OCTAVO_INLINE Packed store_saturated(Byte* to, const I32 (&x)[4], I32 zero_point) {
  const Packed zero = words_of<int16_t>(zero_point, zero_point);
  const Packed first = words_of<int16_t>(x[0], x[1]), second = words_of<int16_t>(x[2], x[3]);
  const Packed bytes = pack(saturated_sum(first, zero), saturated_sum(second, zero), Byte{});
  store_bytes_in_order(to, bytes);
  return lowest(first, second);
}

OCTAVO_INLINE Packed store_saturated(int16_t* to, const I32 (&x)[2], I32 zero_point) {
  const Packed words =
      words_of<int16_t>(wrapped_sum(x[0], zero_point), wrapped_sum(x[1], zero_point));
  store_words_in_order(to, words);
  return words;
}

OCTAVO_INLINE Packed store_saturated(uint16_t* to, const I32 (&x)[2], I32 zero_point) {
  const Packed words = words_of<uint16_t>(x[0] + zero_point, x[1] + zero_point);
  store_words_in_order(to, words);
  return words;
}

#endif

}  // namespace
}  // namespace octavo

#endif  // OCTAVO_SRC_VECTOR_STORE_SATURATED_H_
