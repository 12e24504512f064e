#include <immintrin.h>
#include <string.h>

#include "epilogue/epilogue.h"

#if !defined(__AVX2__)
#error "compile this file with AVX2"
#endif

namespace octavo {
namespace {

constexpr size_t kLanes = 8;

// A whole vector.
struct AllLanes {
  __m256i load(const int32_t* p) const {
    return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(p));
  }
  __m256 load(const float* p) const { return _mm256_loadu_ps(p); }
  void store(float* p, __m256 y) const { _mm256_storeu_ps(p, y); }
  void store(uint8_t* p, __m128i bytes) const {
    _mm_storel_epi64(reinterpret_cast<__m128i*>(p), bytes);
  }
};

// The last vector of a row, of fewer than 8 columns.
struct SomeLanes {
  explicit SomeLanes(size_t lanes)
      : count(lanes),
        mask(_mm256_cmpgt_epi32(_mm256_set1_epi32(static_cast<int>(lanes)),
                                _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7))) {}

  __m256i load(const int32_t* p) const { return _mm256_maskload_epi32(p, mask); }
  __m256 load(const float* p) const { return _mm256_maskload_ps(p, mask); }
  void store(float* p, __m256 y) const { _mm256_maskstore_ps(p, mask, y); }
  void store(uint8_t* p, __m128i bytes) const {
    uint64_t left = static_cast<uint64_t>(_mm_cvtsi128_si64(bytes));
    for (size_t size = 4; size != 0; size /= 2) {
      if ((count & size) == 0) continue;
      for (size_t i = 0; i < size; ++i, left >>= 8) *p++ = static_cast<uint8_t>(left);
    }
  }

  size_t count;
  __m256i mask;
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

// The upper limit is applied to floats, since the conversion to integers turns what is too large
// into the least one; the lower to words, which are half as many: what is too small saturates.
struct Quantize {
  explicit Quantize(const EpilogueTile& tile)
      : high(_mm256_set1_ps(static_cast<float>(tile.clamp_max - tile.zero_point))),
        zero_point(_mm256_set1_epi16(static_cast<int16_t>(tile.zero_point))),
        low(_mm256_set1_epi16(static_cast<int16_t>(tile.clamp_min))) {}

  template <typename Lanes>
  __m256i integers(const Row& row, size_t j, const Lanes& lanes) const {
    const __m256 acc = _mm256_cvtepi32_ps(lanes.load(row.acc + j));
    const __m256 y = _mm256_mul_ps(acc, lanes.load(row.scales + j));
    // vminps returns its second operand when that is NaN, which becomes the least integer.
    return _mm256_cvtps_epi32(_mm256_min_ps(high, y));
  }

  // Outputs in the low bytes of words: of each vector four, and four more.
  __m256i words(__m256i first, __m256i second) const {
    const __m256i sums = _mm256_adds_epi16(_mm256_packs_epi32(first, second), zero_point);
    return _mm256_and_si256(_mm256_max_epi16(sums, low), _mm256_set1_epi16(0x00FF));
  }

  __m256i pair_words(const Row& row, size_t j) const {
    return words(integers(row, j, AllLanes{}), integers(row, j + kLanes, AllLanes{}));
  }

  static __m128i bytes(__m256i outputs) {
    const __m128i quads =
        _mm_packus_epi16(_mm256_castsi256_si128(outputs), _mm256_extracti128_si256(outputs, 1));
    return _mm_shuffle_epi32(quads, _MM_SHUFFLE(3, 1, 2, 0));
  }

  void four(const Row& row, size_t j) const {
    const __m256i quads =
        _mm256_packus_epi16(pair_words(row, j), pair_words(row, j + 2 * kLanes));
    uint8_t* out = static_cast<uint8_t*>(row.out) + j;
    _mm256_storeu_si256(
        reinterpret_cast<__m256i*>(out),
        _mm256_permutevar8x32_epi32(quads, _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7)));
  }

  void pair(const Row& row, size_t j) const {
    uint8_t* out = static_cast<uint8_t*>(row.out) + j;
    _mm_storeu_si128(reinterpret_cast<__m128i*>(out), bytes(pair_words(row, j)));
  }

  template <typename Lanes>
  void operator()(const Row& row, size_t j, const Lanes& lanes) const {
    const __m256i rounded = integers(row, j, lanes);
    lanes.store(static_cast<uint8_t*>(row.out) + j, bytes(words(rounded, rounded)));
  }

  __m256 high;
  __m256i zero_point, low;
};

struct Dequantize {
  void four(const Row& row, size_t j) const {
    pair(row, j);
    pair(row, j + 2 * kLanes);
  }

  void pair(const Row& row, size_t j) const {
    (*this)(row, j, AllLanes{});
    (*this)(row, j + kLanes, AllLanes{});
  }

  template <typename Lanes>
  void operator()(const Row& row, size_t j, const Lanes& lanes) const {
    __m256 scale = lanes.load(row.scales + j);
    if (row.row_scale != nullptr) scale = _mm256_mul_ps(_mm256_set1_ps(*row.row_scale), scale);
    __m256 y = _mm256_mul_ps(_mm256_cvtepi32_ps(lanes.load(row.acc + j)), scale);
    if (row.float_bias != nullptr) y = _mm256_add_ps(y, lanes.load(row.float_bias + j));
    lanes.store(static_cast<float*>(row.out) + j, y);
  }
};

template <typename Output, typename Finish>
void for_each_vector(const EpilogueTile& tile, const Finish finish) {
  const size_t rows = tile.rows, columns = tile.columns, left = columns % kLanes;
  const size_t acc_stride = tile.acc_stride, out_stride = tile.out_stride * sizeof(Output);
  const SomeLanes some(left);
  Row row{tile.acc, tile.scales, tile.row_scales, tile.float_bias, tile.out};
  for (size_t i = 0; i < rows; ++i) {
    size_t j = 0;
    for (; j + 4 * kLanes <= columns; j += 4 * kLanes) finish.four(row, j);
    if (j + 2 * kLanes <= columns) {
      finish.pair(row, j);
      j += 2 * kLanes;
    }
    if (j + kLanes <= columns) {
      finish(row, j, AllLanes{});
      j += kLanes;
    }
    if (left != 0) finish(row, j, some);
    row.acc += acc_stride;
    row.out = static_cast<uint8_t*>(row.out) + out_stride;
    if (row.row_scale != nullptr) ++row.row_scale;
  }
}

}  // namespace

void epilogue_f32_x86_avx2(const EpilogueTile& tile) { for_each_vector<float>(tile, Dequantize{}); }

void epilogue_q8_x86_avx2(const EpilogueTile& tile) {
  for_each_vector<uint8_t>(tile, Quantize(tile));
}

}  // namespace octavo
