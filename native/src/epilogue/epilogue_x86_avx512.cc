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
  float* out;
};

template <typename Lanes>
inline void dequantize(const Row& row, size_t j, const Lanes& lanes) {
  __m512 scale = lanes.load(row.scales + j);
  if (row.row_scale != nullptr) scale = _mm512_mul_ps(_mm512_set1_ps(*row.row_scale), scale);
  __m512 y = _mm512_mul_ps(_mm512_cvtepi32_ps(lanes.load(row.acc + j)), scale);
  if (row.float_bias != nullptr) y = _mm512_add_ps(y, lanes.load(row.float_bias + j));
  lanes.store(row.out + j, y);
}

// Columns of a tile in so many vectors, the last one maybe short.
template <int Vectors, bool Whole>
void quantize_columns(const EpilogueTile& tile, size_t column, size_t columns) {
  constexpr int kRows = kRowsOfBytes<Vectors>;
  const ByteRequantizer requantize(tile);
  const SomeLanes some{static_cast<__mmask16>((1u << columns % kLanes) - 1u)};
  const auto load = [&some](const auto* from, int j) __attribute__((always_inline)) {
    if (Whole || j + 1 < Vectors) return AllLanes{}.load(from + j * kLanes);
    return some.load(from + j * kLanes);
  };
  __m512 scales[Vectors];
#pragma GCC unroll 4
  for (int j = 0; j < Vectors; ++j) scales[j] = load(tile.scales + column, j);
  const int32_t* acc = tile.acc + column;
  uint8_t* out = static_cast<uint8_t*>(tile.out) + column;
  const size_t acc_stride = tile.acc_stride, out_stride = tile.out_stride;
  for (size_t left = tile.rows; left != 0;) {
    __m512i q[4];
#pragma GCC unroll 4
    for (int i = 0; i < kRows; ++i) {
      const int32_t* const from = left > static_cast<size_t>(i) ? acc + i * acc_stride : acc;
#pragma GCC unroll 4
      for (int j = 0; j < Vectors; ++j) {
        q[i * Vectors + j] = requantize.integers(load(from, j), scales[j]);
      }
    }
    if constexpr (Vectors == 3) q[3] = q[2];
    const __m512i bytes = requantize.bytes(q[0], q[1], q[2], q[3]);
#pragma GCC unroll 4
    for (int i = 0; i < kRows && left != 0; ++i, --left, acc += acc_stride, out += out_stride) {
      store_row<Vectors>(out, bytes, i, Whole ? Vectors * kLanes : columns);
    }
  }
}

template <int Vectors>
void quantize_columns(const EpilogueTile& tile, size_t column, size_t columns) {
  if (columns == Vectors * kLanes) return quantize_columns<Vectors, true>(tile, column, columns);
  quantize_columns<Vectors, false>(tile, column, columns);
}

}  // namespace

void epilogue_f32_x86_avx512(const EpilogueTile& tile) {
  const size_t rows = tile.rows, left = tile.columns % kLanes;
  const size_t whole = tile.columns - left;
  const size_t acc_stride = tile.acc_stride, out_stride = tile.out_stride;
  const SomeLanes some{static_cast<__mmask16>((1u << left) - 1u)};
  Row row{tile.acc, tile.scales, tile.row_scales, tile.float_bias, static_cast<float*>(tile.out)};
  for (size_t i = 0; i < rows; ++i) {
    for (size_t j = 0; j < whole; j += kLanes) dequantize(row, j, AllLanes{});
    if (left != 0) dequantize(row, whole, some);
    row.acc += acc_stride;
    row.out += out_stride;
    if (row.row_scale != nullptr) ++row.row_scale;
  }
}

void epilogue_q8_x86_avx512(const EpilogueTile& tile) {
  for (size_t column = 0; column < tile.columns; column += 4 * kLanes) {
    const size_t left = tile.columns - column;
    if (left > 3 * kLanes) {
      quantize_columns<4>(tile, column, left < 4 * kLanes ? left : 4 * kLanes);
    } else if (left > 2 * kLanes) {
      quantize_columns<3>(tile, column, left);
    } else if (left > kLanes) {
      quantize_columns<2>(tile, column, left);
    } else {
      quantize_columns<1>(tile, column, left);
    }
  }
}

}  // namespace octavo
