// What epilogues of 16 lanes share. Everything has internal linkage: it is compiled once for each
// file of them.
#ifndef OCTAVO_SRC_EPILOGUE_EPILOGUE_X86_AVX512_H_
#define OCTAVO_SRC_EPILOGUE_EPILOGUE_X86_AVX512_H_

#include <immintrin.h>

#include "epilogue/epilogue.h"

#if !defined(__AVX512F__) || !defined(__AVX512BW__) || !defined(__AVX512VL__)
#error "compile this file with AVX-512 F, BW, DQ and VL"
#endif

namespace octavo {
namespace {

constexpr size_t kLanes = 16;

// A whole vector. Its loads have no mask: a masked load waits until the sums that a kernel has just
// stored reach the cache.
struct AllLanes {
  __m512i load(const int32_t* p) const { return _mm512_loadu_si512(p); }
  __m512 load(const float* p) const { return _mm512_loadu_ps(p); }
  __m128i load(const uint8_t* p) const {
    return _mm_loadu_si128(reinterpret_cast<const __m128i*>(p));
  }
  void store(float* p, __m512 y) const { _mm512_storeu_ps(p, y); }
  void store(uint8_t* p, __m128i y) const { _mm_storeu_si128(reinterpret_cast<__m128i*>(p), y); }
};

// The last vector of a row, of fewer than 16 columns.
struct SomeLanes {
  __mmask16 lanes;
  __m512i load(const int32_t* p) const { return _mm512_maskz_loadu_epi32(lanes, p); }
  __m512 load(const float* p) const { return _mm512_maskz_loadu_ps(lanes, p); }
  __m128i load(const uint8_t* p) const { return _mm_maskz_loadu_epi8(lanes, p); }
  void store(float* p, __m512 y) const { _mm512_mask_storeu_ps(p, lanes, y); }
  void store(uint8_t* p, __m128i y) const { _mm_mask_storeu_epi8(p, lanes, y); }
};

// The nearest integers within limits, which are integers. vmaxps returns its second operand when
// the first is NaN: the lower limit.
inline __m512i clamped(__m512 y, __m512 low, __m512 high) {
  return _mm512_cvt_roundps_epi32(_mm512_min_ps(_mm512_max_ps(y, low), high),
                                  _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
}

struct Requantizer {
  explicit Requantizer(const EpilogueTile& tile)
      : low(_mm512_set1_ps(static_cast<float>(tile.clamp_min - tile.zero_point))),
        high(_mm512_set1_ps(static_cast<float>(tile.clamp_max - tile.zero_point))),
        zero_point(_mm512_set1_epi32(tile.zero_point)) {}

  template <typename Lanes>
  __m512i operator()(const int32_t* acc, const float* scales, const Lanes& lanes) const {
    const __m512 y = _mm512_mul_ps(_mm512_cvtepi32_ps(lanes.load(acc)), lanes.load(scales));
    return _mm512_add_epi32(clamped(y, low, high), zero_point);
  }

  __m512 low, high;
  __m512i zero_point;
};

// The same for four vectors at once, in fewer steps: they are clamped from above only before they
// become integers. Those below what integers reach become the lowest one, and packing saturates it
// to 0 above the lower limit. (vminps returns its second operand when one is NaN, and that becomes
// the lowest integer too.)
struct ByteRequantizer {
  explicit ByteRequantizer(const EpilogueTile& tile)
      : high(_mm512_set1_ps(static_cast<float>(tile.clamp_max - tile.zero_point))),
        above_low(_mm512_set1_epi16(static_cast<int16_t>(tile.zero_point - tile.clamp_min))),
        low(_mm512_set1_epi8(static_cast<char>(tile.clamp_min))) {}

  __m512i integers(__m512i acc, __m512 scales) const {
    const __m512 y = _mm512_mul_ps(_mm512_cvtepi32_ps(acc), scales);
    return _mm512_cvt_roundps_epi32(_mm512_min_ps(high, y),
                                    _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
  }

  // What integers() made of four vectors, in order.
  __m512i bytes(__m512i a, __m512i b, __m512i c, __m512i d) const {
    const __m512i ab = _mm512_adds_epi16(_mm512_packs_epi32(a, b), above_low);
    const __m512i cd = _mm512_adds_epi16(_mm512_packs_epi32(c, d), above_low);
    const __m512i order = _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
    return _mm512_add_epi8(_mm512_permutexvar_epi32(order, _mm512_packus_epi16(ab, cd)), low);
  }

  __m512 high;
  __m512i above_low, low;
};

// Rows of so many vectors whose outputs fill a register.
template <int Vectors>
constexpr int kRowsOfBytes = 4 / Vectors;

inline __m128i quarter(__m512i bytes, int index) {
  if (index == 1) return _mm512_extracti32x4_epi32(bytes, 1);
  if (index == 2) return _mm512_extracti32x4_epi32(bytes, 2);
  if (index == 3) return _mm512_extracti32x4_epi32(bytes, 3);
  return _mm512_castsi512_si128(bytes);
}

inline __m256i half(__m512i bytes, int index) {
  return index == 0 ? _mm512_castsi512_si256(bytes) : _mm512_extracti64x4_epi64(bytes, 1);
}

// One of the rows in a register of outputs. The last of its vectors may be short.
template <int Vectors>
inline void store_row(uint8_t* out, __m512i bytes, int row, size_t columns) {
  const __mmask64 stored = ~0ull >> (64 - columns);
  if constexpr (Vectors == 1) {
    const __m128i y = quarter(bytes, row);
    if (columns == kLanes) return AllLanes{}.store(out, y);
    _mm_mask_storeu_epi8(out, static_cast<__mmask16>(stored), y);
  } else if constexpr (Vectors == 2) {
    const __m256i y = half(bytes, row);
    if (columns == 2 * kLanes) return _mm256_storeu_si256(reinterpret_cast<__m256i*>(out), y);
    _mm256_mask_storeu_epi8(out, static_cast<__mmask32>(stored), y);
  } else {
    if (columns == 4 * kLanes) return _mm512_storeu_si512(out, bytes);
    _mm512_mask_storeu_epi8(out, stored, bytes);
  }
}

}  // namespace
}  // namespace octavo

#endif  // OCTAVO_SRC_EPILOGUE_EPILOGUE_X86_AVX512_H_
