#include "epilogue/epilogue_x86_avx512.h"

namespace octavo {
namespace {

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
  explicit Quantize(const EpilogueTile& tile) : integers(tile) {}

  template <typename Lanes>
  void operator()(const Row& row, size_t j, const Lanes& lanes) const {
    const __m512i y = integers(row.acc + j, row.scales + j, lanes);
    lanes.store(static_cast<uint8_t*>(row.out) + j, _mm512_cvtepi32_epi8(y));
  }

  Requantizer integers;
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
