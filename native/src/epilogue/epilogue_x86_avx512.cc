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
  void store(float* p, __m512 y) const { _mm512_storeu_ps(p, y); }
  void store(uint8_t* p, __m128i y) const { _mm_storeu_si128(reinterpret_cast<__m128i*>(p), y); }
};

// The last vector of a row, of fewer than 16 columns.
struct SomeLanes {
  __mmask16 lanes;
  __m512i load(const int32_t* p) const { return _mm512_maskz_loadu_epi32(lanes, p); }
  __m512 load(const float* p) const { return _mm512_maskz_loadu_ps(lanes, p); }
  void store(float* p, __m512 y) const { _mm512_mask_storeu_ps(p, lanes, y); }
  void store(uint8_t* p, __m128i y) const { _mm_mask_storeu_epi8(p, lanes, y); }
};

struct Quantize {
  explicit Quantize(const EpilogueTile& tile)
      : low(_mm512_set1_ps(static_cast<float>(tile.clamp_min - tile.zero_point))),
        high(_mm512_set1_ps(static_cast<float>(tile.clamp_max - tile.zero_point))),
        zero_point(_mm512_set1_epi32(tile.zero_point)) {}

  template <typename Lanes>
  void operator()(const EpilogueTile& tile, size_t i, size_t j, const Lanes& lanes) const {
    const __m512 acc = _mm512_cvtepi32_ps(lanes.load(tile.acc + i * tile.acc_stride + j));
    __m512 y = _mm512_mul_ps(acc, lanes.load(tile.scales + j));
    // vmaxps returns its second operand when the first is NaN: the lower limit.
    y = _mm512_min_ps(_mm512_max_ps(y, low), high);
    const __m512i rounded =
        _mm512_cvt_roundps_epi32(y, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
    const __m128i bytes = _mm512_cvtepi32_epi8(_mm512_add_epi32(rounded, zero_point));
    lanes.store(static_cast<uint8_t*>(tile.out) + i * tile.out_stride + j, bytes);
  }

  __m512 low, high;
  __m512i zero_point;
};

struct Dequantize {
  template <typename Lanes>
  void operator()(const EpilogueTile& tile, size_t i, size_t j, const Lanes& lanes) const {
    __m512 scale = lanes.load(tile.scales + j);
    if (tile.row_scales != nullptr) {
      scale = _mm512_mul_ps(_mm512_set1_ps(tile.row_scales[i]), scale);
    }
    const __m512 acc = _mm512_cvtepi32_ps(lanes.load(tile.acc + i * tile.acc_stride + j));
    __m512 y = _mm512_mul_ps(acc, scale);
    if (tile.float_bias != nullptr) y = _mm512_add_ps(y, lanes.load(tile.float_bias + j));
    lanes.store(static_cast<float*>(tile.out) + i * tile.out_stride + j, y);
  }
};

template <typename Finish>
void for_each_vector(const EpilogueTile& tile, const Finish& finish) {
  const size_t whole = tile.columns / kLanes * kLanes;
  const size_t left = tile.columns - whole;
  for (size_t i = 0; i < tile.rows; ++i) {
    for (size_t j = 0; j < whole; j += kLanes) finish(tile, i, j, AllLanes{});
    if (left == 0) continue;
    finish(tile, i, whole, SomeLanes{static_cast<__mmask16>((1u << left) - 1u)});
  }
}

}  // namespace

void epilogue_f32_x86_avx512(const EpilogueTile& tile) { for_each_vector(tile, Dequantize{}); }

void epilogue_q8_x86_avx512(const EpilogueTile& tile) { for_each_vector(tile, Quantize(tile)); }

}  // namespace octavo
