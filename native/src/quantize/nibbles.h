// Two 4-bit numbers to a byte, the first in the low bits, and one to a byte.
#ifndef OCTAVO_SRC_QUANTIZE_NIBBLES_H_
#define OCTAVO_SRC_QUANTIZE_NIBBLES_H_

#include "vector/vector.h"

namespace octavo {
namespace {

#if defined(__AVX512F__)

OCTAVO_INLINE void stream(uint8_t* to, __m512i bytes) {
  _mm512_stream_si512(reinterpret_cast<__m512i*>(to), bytes);
}

// Whole vectors of bytes by write(to, vector); returns how many bytes were made.
template <bool kFromMemory, typename Write>
OCTAVO_INLINE size_t unpack_vectors(const uint8_t* in, size_t count, uint8_t sign, uint8_t* out,
                                    Write write) {
  const __m512i low = _mm512_set1_epi8(15), top = _mm512_set1_epi8(static_cast<char>(sign));
  size_t i = 0;
  for (; i + 64 <= count; i += 64) {
    prefetch_ahead<kFromMemory>(in + i / 2);
    const __m512i pairs = _mm512_cvtepu8_epi16(load<__m256i>(in + i / 2));
    const __m512i apart = (pairs | _mm512_slli_epi16(pairs, 4)) & low;
    write(out + i, _mm512_sub_epi8(apart ^ top, top));
  }
  return i;
}

template <bool kFromMemory>
OCTAVO_INLINE size_t pack_vectors(const uint8_t* in, size_t count, uint8_t* out) {
  const __m512i low = _mm512_set1_epi8(15), factors = _mm512_set1_epi16(0x1001);
  const __m512i order = _mm512_setr_epi64(0, 2, 4, 6, 1, 3, 5, 7);
  const auto words = [=](const uint8_t* bytes) OCTAVO_LAMBDA_INLINE {
    return _mm512_maddubs_epi16(load<__m512i>(bytes) & low, factors);
  };
  size_t i = 0;
  for (; i + 128 <= count; i += 128) {
    prefetch_ahead<kFromMemory>(in + i);
    prefetch_ahead<kFromMemory>(in + i + 64);
    const __m512i quads = _mm512_packus_epi16(words(in + i), words(in + i + 64));
    store(out + i / 2, _mm512_permutexvar_epi64(order, quads));
  }
  return i;
}

#elif defined(__AVX2__)

OCTAVO_INLINE void stream(uint8_t* to, __m256i bytes) {
  _mm256_stream_si256(reinterpret_cast<__m256i*>(to), bytes);
}

// Whole vectors of bytes by write(to, vector); returns how many bytes were made.
template <bool kFromMemory, typename Write>
OCTAVO_INLINE size_t unpack_vectors(const uint8_t* in, size_t count, uint8_t sign, uint8_t* out,
                                    Write write) {
  const __m256i low = _mm256_set1_epi8(15), top = _mm256_set1_epi8(static_cast<char>(sign));
  const auto bytes = [=](const uint8_t* from) OCTAVO_LAMBDA_INLINE {
    const __m256i pairs = _mm256_cvtepu8_epi16(load<__m128i>(from));
    const __m256i apart = _mm256_or_si256(pairs, _mm256_slli_epi16(pairs, 4));
    return _mm256_sub_epi8(_mm256_xor_si256(_mm256_and_si256(apart, low), top), top);
  };
  size_t i = 0;
  for (; i + 64 <= count; i += 64) {
    prefetch_ahead<kFromMemory>(in + i / 2);
    const __m256i first = bytes(in + i / 2), second = bytes(in + i / 2 + 16);
    write(out + i, first);
    write(out + i + 32, second);
  }
  return i;
}

template <bool kFromMemory>
OCTAVO_INLINE size_t pack_vectors(const uint8_t* in, size_t count, uint8_t* out) {
  const __m256i low = _mm256_set1_epi8(15), factors = _mm256_set1_epi16(0x1001);
  const auto words = [=](const uint8_t* bytes) OCTAVO_LAMBDA_INLINE {
    return _mm256_maddubs_epi16(_mm256_and_si256(load<__m256i>(bytes), low), factors);
  };
  size_t i = 0;
  for (; i + 64 <= count; i += 64) {
    prefetch_ahead<kFromMemory>(in + i);
    const __m256i quads = _mm256_packus_epi16(words(in + i), words(in + i + 32));
    store(out + i / 2, _mm256_permute4x64_epi64(quads, 0xD8));
  }
  return i;
}

#else

template <bool kFromMemory, typename Write>
OCTAVO_INLINE size_t unpack_vectors(const uint8_t*, size_t, uint8_t, uint8_t*, Write) {
  return 0;
}
template <bool kFromMemory>
OCTAVO_INLINE size_t pack_vectors(const uint8_t*, size_t, uint8_t*) { return 0; }

#endif

// Flipping the top bit of a signed nibble and taking it off again extends the sign.
OCTAVO_INLINE void unpack_bytes(const uint8_t* in, size_t count, uint8_t sign, uint8_t* out) {
  const auto extend = [sign](int nibble) OCTAVO_LAMBDA_INLINE {
    return static_cast<uint8_t>((nibble ^ sign) - sign);
  };
  for (size_t i = 0; i < count / 2; ++i) {
    out[2 * i] = extend(in[i] & 15);
    out[2 * i + 1] = extend(in[i] >> 4);
  }
  if (count % 2 != 0) out[count - 1] = extend(in[count / 2] & 15);
}

template <bool kFromMemory>
void unpack_nibbles(const uint8_t* in, size_t count, uint8_t sign, uint8_t* __restrict out) {
  const auto write = [](uint8_t* to, auto bytes) OCTAVO_LAMBDA_INLINE { store(to, bytes); };
  const size_t done = unpack_vectors<kFromMemory>(in, count, sign, out, write);
  unpack_bytes(in + done / 2, count - done, sign, out + done);
}

#if defined(__AVX2__)

// The same past the cache, whole lines from the first on. A line that begins within a byte of `in`
// is none of them.
template <bool kFromMemory>
void stream_nibbles(const uint8_t* in, size_t count, uint8_t sign, uint8_t* __restrict out) {
  const size_t before = -reinterpret_cast<uintptr_t>(out) % kCacheLine;
  if (before % 2 != 0 || before > count) return unpack_nibbles<kFromMemory>(in, count, sign, out);
  unpack_bytes(in, before, sign, out);
  in += before / 2, out += before, count -= before;
  const auto write = [](uint8_t* to, auto bytes) OCTAVO_LAMBDA_INLINE { stream(to, bytes); };
  const size_t done = unpack_vectors<kFromMemory>(in, count, sign, out, write);
  unpack_bytes(in + done / 2, count - done, sign, out + done);
  _mm_sfence();
}

#else

template <bool kFromMemory>
void stream_nibbles(const uint8_t* in, size_t count, uint8_t sign, uint8_t* __restrict out) {
  unpack_nibbles<kFromMemory>(in, count, sign, out);
}

#endif

template <bool kFromMemory>
void pack_nibbles(const uint8_t* in, size_t count, uint8_t* __restrict out) {
  size_t i = pack_vectors<kFromMemory>(in, count, out) / 2;
  for (; i < count / 2; ++i) {
    out[i] = static_cast<uint8_t>((in[2 * i] & 15) | (in[2 * i + 1] << 4));
  }
  if (count % 2 != 0) out[i] = in[count - 1] & 15;
}

}  // namespace
}  // namespace octavo

#endif  // OCTAVO_SRC_QUANTIZE_NIBBLES_H_
