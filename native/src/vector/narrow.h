// Loads that widen 8- and 16-bit values to 32-bit lanes, and stores that narrow them again.
#ifndef OCTAVO_SRC_VECTOR_NARROW_H_
#define OCTAVO_SRC_VECTOR_NARROW_H_

#include "vector/vector.h"

namespace octavo {
namespace {

#if defined(__AVX512F__)

OCTAVO_INLINE I32 load_wide(const uint8_t* from) {
  return reinterpret_cast<I32>(_mm512_cvtepu8_epi32(load<__m128i>(from)));
}
OCTAVO_INLINE I32 load_wide(const int8_t* from) {
  return reinterpret_cast<I32>(_mm512_cvtepi8_epi32(load<__m128i>(from)));
}
OCTAVO_INLINE I32 load_wide(const uint16_t* from) {
  return reinterpret_cast<I32>(_mm512_cvtepu16_epi32(load<__m256i>(from)));
}
OCTAVO_INLINE I32 load_wide(const int16_t* from) {
  return reinterpret_cast<I32>(_mm512_cvtepi16_epi32(load<__m256i>(from)));
}

// From a register: compilers make one instruction of the narrowing and the store, which takes
// several times as long as the two.
template <typename V>
OCTAVO_INLINE void store_narrowed(void* to, V narrowed) {
  __asm__("" : "+x"(narrowed));
  store(to, narrowed);
}

// The low byte of each lane.
OCTAVO_INLINE void store_narrow(uint8_t* to, I32 x) {
  store_narrowed(to, _mm512_cvtepi32_epi8(reinterpret_cast<__m512i>(x)));
}

// The low half of each lane.
OCTAVO_INLINE void store_narrow(uint16_t* to, I32 x) {
  store_narrowed(to, _mm512_cvtepi32_epi16(reinterpret_cast<__m512i>(x)));
}

#elif defined(__AVX2__)

OCTAVO_INLINE __m128i load_8_bytes(const void* from) {
  return _mm_loadl_epi64(static_cast<const __m128i*>(from));
}
OCTAVO_INLINE __m128i load_16_bytes(const void* from) {
  return _mm_loadu_si128(static_cast<const __m128i*>(from));
}
OCTAVO_INLINE I32 load_wide(const uint8_t* from) {
  return reinterpret_cast<I32>(_mm256_cvtepu8_epi32(load_8_bytes(from)));
}
OCTAVO_INLINE I32 load_wide(const int8_t* from) {
  return reinterpret_cast<I32>(_mm256_cvtepi8_epi32(load_8_bytes(from)));
}
OCTAVO_INLINE I32 load_wide(const uint16_t* from) {
  return reinterpret_cast<I32>(_mm256_cvtepu16_epi32(load_16_bytes(from)));
}
OCTAVO_INLINE I32 load_wide(const int16_t* from) {
  return reinterpret_cast<I32>(_mm256_cvtepi16_epi32(load_16_bytes(from)));
}

// The low byte of each lane.
OCTAVO_INLINE void store_narrow(uint8_t* to, I32 x) {
  const __m256i low = _mm256_setr_epi8(0, 4, 8, 12, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1,
                                       0, 4, 8, 12, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1);
  const __m256i packed = _mm256_shuffle_epi8(reinterpret_cast<__m256i>(x), low);
  const __m128i bytes =
      _mm_unpacklo_epi32(_mm256_castsi256_si128(packed), _mm256_extracti128_si256(packed, 1));
  _mm_storel_epi64(reinterpret_cast<__m128i*>(to), bytes);
}

// The low half of each lane.
OCTAVO_INLINE void store_narrow(uint16_t* to, I32 x) {
  const __m256i low = reinterpret_cast<__m256i>(x & 0xFFFF);
  const __m256i packed = _mm256_permute4x64_epi64(_mm256_packus_epi32(low, low), 0x08);
  _mm_storeu_si128(reinterpret_cast<__m128i*>(to), _mm256_castsi256_si128(packed));
}

// The low bytes of four vectors.
OCTAVO_INLINE void store_narrow(uint8_t* to, I32 a, I32 b, I32 c, I32 d) {
  const __m256i ab =
      _mm256_packus_epi32(reinterpret_cast<__m256i>(a & 0xFF), reinterpret_cast<__m256i>(b & 0xFF));
  const __m256i cd =
      _mm256_packus_epi32(reinterpret_cast<__m256i>(c & 0xFF), reinterpret_cast<__m256i>(d & 0xFF));
  const __m256i order = _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7);
  const __m256i bytes = _mm256_permutevar8x32_epi32(_mm256_packus_epi16(ab, cd), order);
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(to), bytes);
}

#else

template <typename T>
OCTAVO_INLINE I32 load_wide(const T* from) {
  I32 y{};
  for (size_t i = 0; i < kLanes; ++i) y[i] = from[i];
  return y;
}

template <typename T>
OCTAVO_INLINE void store_narrow(T* to, I32 x) {
  for (size_t i = 0; i < kLanes; ++i) to[i] = static_cast<T>(x[i]);
}

OCTAVO_INLINE void store_narrow(uint8_t* to, I32 a, I32 b, I32 c, I32 d) {
  store_narrow(to, a);
  store_narrow(to + kLanes, b);
  store_narrow(to + 2 * kLanes, c);
  store_narrow(to + 3 * kLanes, d);
}

#endif

}  // namespace
}  // namespace octavo

#endif  // OCTAVO_SRC_VECTOR_NARROW_H_
