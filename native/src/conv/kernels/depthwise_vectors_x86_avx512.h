// What depthwise kernels on vectors of 64 bytes do before and after they multiply quads. Everything
// has internal linkage: it is compiled once for each file of kernels.
#ifndef OCTAVO_SRC_CONV_KERNELS_DEPTHWISE_VECTORS_X86_AVX512_H_
#define OCTAVO_SRC_CONV_KERNELS_DEPTHWISE_VECTORS_X86_AVX512_H_

#include <immintrin.h>

#include "conv/depthwise_quads_kernel.h"

namespace octavo {
namespace {

// Make uint8 values of uint8 ones, or of int8 ones by a flip of 0x80.
struct Same {
  explicit Same(uint8_t) {}
  __m512i operator()(__m512i bytes) const { return bytes; }
};

struct Flipped {
  explicit Flipped(uint8_t byte) : flip(_mm512_set1_epi8(static_cast<char>(byte))) {}
  __m512i operator()(__m512i bytes) const { return _mm512_xor_si512(bytes, flip); }

  __m512i flip;
};

struct QuadColumn {
  __m512i quarters[4];
};

inline QuadColumn interleave_vectors(__m512i a, __m512i b, __m512i c, __m512i d) {
  const __m512i ab_low = _mm512_unpacklo_epi8(a, b), ab_high = _mm512_unpackhi_epi8(a, b);
  const __m512i cd_low = _mm512_unpacklo_epi8(c, d), cd_high = _mm512_unpackhi_epi8(c, d);
  return {{_mm512_unpacklo_epi16(ab_low, cd_low), _mm512_unpackhi_epi16(ab_low, cd_low),
           _mm512_unpacklo_epi16(ab_high, cd_high), _mm512_unpackhi_epi16(ab_high, cd_high)}};
}

// Of bytes that are not above the upper limit: not below the lower one, flipped where they are
// int8.
struct LowByteLimit {
  explicit LowByteLimit(const DepthwiseLanes& lanes)
      : low(_mm512_set1_epi8(static_cast<char>(lanes.clamp_min))),
        flip(_mm512_set1_epi8(static_cast<char>(lanes.out_flip))) {}
  __m512i operator()(__m512i bytes) const {
    return _mm512_xor_si512(_mm512_max_epu8(bytes, low), flip);
  }

  __m512i low, flip;
};

// The same of any bytes.
struct ByteLimits {
  explicit ByteLimits(const DepthwiseLanes& lanes)
      : high(_mm512_set1_epi8(static_cast<char>(lanes.clamp_max))), rest(lanes) {}
  __m512i operator()(__m512i bytes) const { return rest(_mm512_min_epu8(bytes, high)); }

  __m512i high;
  LowByteLimit rest;
};

// All uint8 values.
struct AnyByte {
  explicit AnyByte(const DepthwiseLanes&) {}
  __m512i operator()(__m512i bytes) const { return bytes; }
};

// vpackssdw and vpackuswb saturate. Only values beyond int32 must be clamped before they become
// integers, and of these only large ones: small ones become the smallest. Scales within (-1, 1)
// make none; after others, no byte is above the upper limit.
template <bool kFractions, typename Limits>
struct Requantizer {
  explicit Requantizer(const DepthwiseLanes& lanes)
      : scales(lanes.scales),
        high(_mm512_set1_ps(static_cast<float>(lanes.clamp_max - lanes.zero_point))),
        zero_point(_mm512_set1_epi16(static_cast<int16_t>(lanes.zero_point))),
        limits(lanes) {}

  __m512i integers(__m512i acc, int quarter) const {
    __m512 y = _mm512_mul_ps(_mm512_cvtepi32_ps(acc), _mm512_load_ps(scales + 16 * quarter));
    if (!kFractions) y = _mm512_min_ps(y, high);
    return _mm512_cvt_roundps_epi32(y, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
  }
  __m512i halves(__m512i acc0, __m512i acc1, int quarter) const {
    const __m512i y = _mm512_packs_epi32(integers(acc0, quarter), integers(acc1, quarter + 1));
    return _mm512_adds_epi16(y, zero_point);
  }
  __m512i operator()(const __m512i (&acc)[4]) const {
    return limits(_mm512_packus_epi16(halves(acc[0], acc[1], 0), halves(acc[2], acc[3], 2)));
  }

  const float* scales;
  __m512 high;
  __m512i zero_point;
  Limits limits;
};

}  // namespace
}  // namespace octavo

#endif  // OCTAVO_SRC_CONV_KERNELS_DEPTHWISE_VECTORS_X86_AVX512_H_
