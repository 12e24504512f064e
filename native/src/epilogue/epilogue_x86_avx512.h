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

}  // namespace
}  // namespace octavo

#endif  // OCTAVO_SRC_EPILOGUE_EPILOGUE_X86_AVX512_H_
