// The loop of dot_tile.h over a vector trait `V`, which has
//   lanes, T, zero(), load(p), load_first(p, count), fma(a, b, c) = a * b + c, sum(x) of all lanes,
//   rows(columns), how many rows of sums stay in registers.
//
// Everything here has internal linkage: it is compiled once for each instruction set.
#ifndef OCTAVO_SRC_FLOAT_CONV_DOT_TILE_LOOP_H_
#define OCTAVO_SRC_FLOAT_CONV_DOT_TILE_LOOP_H_

#include "float_conv/dot_tile.h"

namespace octavo {
namespace {

template <class V, size_t kRows, size_t kColumns, class Load>
__attribute__((always_inline)) inline void add_step(typename V::T (&sums)[kRows][kColumns],
                                                    const float* const (&rows)[kRows], size_t k,
                                                    const float* weights, size_t weight_stride,
                                                    const Load load) {
  typename V::T w[kColumns];
#pragma GCC unroll 4
  for (size_t j = 0; j < kColumns; ++j) w[j] = load(weights + j * weight_stride + k);
#pragma GCC unroll 8
  for (size_t i = 0; i < kRows; ++i) {
    const typename V::T x = load(rows[i] + k);
#pragma GCC unroll 4
    for (size_t j = 0; j < kColumns; ++j) sums[i][j] = V::fma(x, w[j], sums[i][j]);
  }
}

// Rows from `first` on.
template <class V, size_t kRows, size_t kColumns>
__attribute__((noinline)) void run_rows(const DotTile& tile, size_t first) {
  typename V::T sums[kRows][kColumns];
#pragma GCC unroll 8
  for (size_t i = 0; i < kRows; ++i) {
#pragma GCC unroll 4
    for (size_t j = 0; j < kColumns; ++j) sums[i][j] = V::zero();
  }
  const size_t depth = tile.depth, whole = depth - depth % V::lanes;
  const float* weights = tile.weights;
  for (size_t run = 0; run < tile.run_count; ++run, weights += depth) {
    const float* rows[kRows];
#pragma GCC unroll 8
    for (size_t i = 0; i < kRows; ++i) rows[i] = tile.rows[first + i] + tile.runs[run];
    for (size_t k = 0; k < whole; k += V::lanes) {
      add_step<V>(sums, rows, k, weights, tile.weight_stride, V::load);
    }
    if (whole == depth) continue;
    add_step<V>(sums, rows, whole, weights, tile.weight_stride,
                [left = depth - whole](const float* p) __attribute__((always_inline)) {
                  return V::load_first(p, left);
                });
  }
  float* const to = tile.sums + first * kColumns;
#pragma GCC unroll 8
  for (size_t i = 0; i < kRows; ++i) {
#pragma GCC unroll 4
    for (size_t j = 0; j < kColumns; ++j) to[i * kColumns + j] = V::sum(sums[i][j]);
  }
}

// Tiles of one height; the last one shares rows with the one before.
template <class V, size_t kColumns>
void run_columns(const DotTile& tile) {
  constexpr size_t kRows = V::rows(kColumns);
  if (tile.row_count < kRows) {
    for (size_t i = 0; i < tile.row_count; ++i) run_rows<V, 1, kColumns>(tile, i);
    return;
  }
  const size_t last = tile.row_count - kRows;
  for (size_t i = 0; i < last; i += kRows) run_rows<V, kRows, kColumns>(tile, i);
  run_rows<V, kRows, kColumns>(tile, last);
}

template <class V>
void run_dot_tile(const DotTile& tile) {
  switch (tile.columns) {
    case 1:
      return run_columns<V, 1>(tile);
    case 2:
      return run_columns<V, 2>(tile);
    case 3:
      return run_columns<V, 3>(tile);
    default:
      return run_columns<V, 4>(tile);
  }
}

}  // namespace
}  // namespace octavo

#endif  // OCTAVO_SRC_FLOAT_CONV_DOT_TILE_LOOP_H_
