// Tables of 256 bytes, applied to bytes.
#ifndef OCTAVO_SRC_QUANTIZE_BYTE_LOOKUP_H_
#define OCTAVO_SRC_QUANTIZE_BYTE_LOOKUP_H_

#include "vector/vector.h"

namespace octavo {
namespace {

#if defined(__AVX2__)

// A shuffle looks up 16 entries by the low four bits and gives 0 where the top bit is set. The
// saturating sum sets it unless x, less the block's number in its high bits, is below 16.
OCTAVO_INLINE size_t look_up_blocks(const uint8_t* in, const uint8_t* table, size_t count,
                                    uint8_t* out) {
  const __m256i bias = _mm256_set1_epi8(0x70);
  size_t i = 0;
  for (; i + 64 <= count; i += 64) {
    const __m256i a = load<__m256i>(in + i), b = load<__m256i>(in + i + 32);
    __m256i y = _mm256_setzero_si256(), z = _mm256_setzero_si256();
    for (int block = 0; block < 16; ++block) {
      const __m256i number = _mm256_set1_epi8(static_cast<char>(block << 4));
      const __m256i entries = _mm256_broadcastsi128_si256(load<__m128i>(table + 16 * block));
      const __m256i at_a = _mm256_adds_epu8(_mm256_xor_si256(a, number), bias);
      const __m256i at_b = _mm256_adds_epu8(_mm256_xor_si256(b, number), bias);
      y = _mm256_or_si256(y, _mm256_shuffle_epi8(entries, at_a));
      z = _mm256_or_si256(z, _mm256_shuffle_epi8(entries, at_b));
    }
    store(out + i, y);
    store(out + i + 32, z);
  }
  return i;
}

#elif defined(__aarch64__)

// tbl gives 0 beyond its 64 entries, so the four quarters add up.
OCTAVO_INLINE size_t look_up_blocks(const uint8_t* in, const uint8_t* table, size_t count,
                                    uint8_t* out) {
  uint8x16x4_t quarters[4];
  for (size_t q = 0; q < 4; ++q) quarters[q] = vld1q_u8_x4(table + 64 * q);
  size_t i = 0;
  for (; i + 16 <= count; i += 16) {
    const uint8x16_t x = vld1q_u8(in + i);
    uint8x16_t y = vqtbl4q_u8(quarters[0], x);
    for (uint8_t q = 1; q < 4; ++q) {
      y = vorrq_u8(y,
                   vqtbl4q_u8(quarters[q], veorq_u8(x, vdupq_n_u8(static_cast<uint8_t>(64 * q)))));
    }
    vst1q_u8(out + i, y);
  }
  return i;
}

#else

OCTAVO_INLINE size_t look_up_blocks(const uint8_t*, const uint8_t*, size_t, uint8_t*) { return 0; }

#endif

void look_up_bytes(const uint8_t* in, const uint8_t* table, size_t count, uint8_t* out) {
  for (size_t i = look_up_blocks(in, table, count, out); i < count; ++i) out[i] = table[in[i]];
}

}  // namespace
}  // namespace octavo

#endif  // OCTAVO_SRC_QUANTIZE_BYTE_LOOKUP_H_
