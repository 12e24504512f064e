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

// One row of a tile, in variables that no output can alias: read from the tile itself they would
// be loaded again after every store.
struct Row {
  const int32_t* acc;
  const float* scales;
  const float* row_scale;
  const float* float_bias;
  void* out;
};

struct Quantize {
  explicit Quantize(const EpilogueTile& tile)
      : low(_mm512_set1_ps(static_cast<float>(tile.clamp_min - tile.zero_point))),
        high(_mm512_set1_ps(static_cast<float>(tile.clamp_max - tile.zero_point))),
        zero_point(_mm512_set1_epi32(tile.zero_point)) {}

  template <typename Lanes>
  void operator()(const Row& row, size_t j, const Lanes& lanes) const {
    __m512 y = _mm512_cvtepi32_ps(lanes.load(row.acc + j));
    y = _mm512_mul_ps(y, lanes.load(row.scales + j));
    // vmaxps returns its second operand when the first is NaN: the lower limit.
    y = _mm512_min_ps(_mm512_max_ps(y, low), high);
    const __m512i rounded =
        _mm512_cvt_roundps_epi32(y, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
    const __m128i bytes = _mm512_cvtepi32_epi8(_mm512_add_epi32(rounded, zero_point));
    lanes.store(static_cast<uint8_t*>(row.out) + j, bytes);
  }

  __m512 low, high;
  __m512i zero_point;
};

struct Dequantize {
  template <typename Lanes>
  void operator()(const Row& row, size_t j, const Lanes& lanes) const {
    __m512 scale = lanes.load(row.scales + j);
    if (row.row_scale != nullptr) scale = _mm512_mul_ps(_mm512_set1_ps(*row.row_scale), scale);
    __m512 y = _mm512_mul_ps(_mm512_cvtepi32_ps(lanes.load(row.acc + j)), scale);
    if (row.float_bias != nullptr) y = _mm512_add_ps(y, lanes.load(row.float_bias + j));
    lanes.store(static_cast<float*>(row.out) + j, y);
  }
};

template <typename Output, typename Finish>
void for_each_vector(const EpilogueTile& tile, const Finish finish) {
  const size_t rows = tile.rows, left = tile.columns % kLanes;
  const size_t whole = tile.columns - left;
  const size_t acc_stride = tile.acc_stride, out_stride = tile.out_stride * sizeof(Output);
  const SomeLanes some{static_cast<__mmask16>((1u << left) - 1u)};
  Row row{tile.acc, tile.scales, tile.row_scales, tile.float_bias, tile.out};
  for (size_t i = 0; i < rows; ++i) {
    for (size_t j = 0; j < whole; j += kLanes) finish(row, j, AllLanes{});
    if (left != 0) finish(row, whole, some);
    row.acc += acc_stride;
    row.out = static_cast<uint8_t*>(row.out) + out_stride;
    if (row.row_scale != nullptr) ++row.row_scale;
  }
}

}  // namespace

void epilogue_f32_x86_avx512(const EpilogueTile& tile) {
  for_each_vector<float>(tile, Dequantize{});
}

void epilogue_q8_x86_avx512(const EpilogueTile& tile) {
  for_each_vector<uint8_t>(tile, Quantize(tile));
}

}  // namespace octavo
