// How the tile loop of float_tile_loop.h writes its sums, over the same vector traits.
//
// Everything here has internal linkage: it is compiled once for each instruction set.
#ifndef OCTAVO_SRC_FLOAT_GEMM_FLOAT_TILE_WRITE_H_
#define OCTAVO_SRC_FLOAT_GEMM_FLOAT_TILE_WRITE_H_

#include "base/always_inline.h"
#include "float_gemm/float_tile.h"

namespace octavo {
namespace {

template <class V>
OCTAVO_ALWAYS_INLINE typename V::T activate(const FloatTile& tile, typename V::T x) {
  const typename V::T alpha = V::set(tile.alpha), beta = V::set(tile.beta);
  if (tile.activation == OCTAVO_LEAKY_RELU) return V::select_negative(x, V::mul(alpha, x), x);
  const typename V::T hard = V::min(V::set(1), V::max(V::zero(), V::fma(alpha, x, beta)));
  return tile.activation == OCTAVO_HARD_SWISH ? V::mul(x, hard) : hard;
}

// Activations beyond clipping go over what was just written: in registers they would push sums out.
template <class V>
__attribute__((noinline)) void activate_tile(const FloatTile& tile) {
  for (size_t row = 0; row < tile.rows; ++row) {
    float* const out = tile.out + row * tile.out_stride;
    size_t column = 0;
    for (; column + V::lanes <= tile.columns; column += V::lanes) {
      V::store(out + column, activate<V>(tile, V::load(out + column)));
    }
    const size_t left = tile.columns - column;
    if (left == 0) continue;
    V::store_first(out + column, activate<V>(tile, V::load_first(out + column, left)), left);
  }
}

// Lanes of vector `j` of a row that are columns of the tile.
template <class V>
OCTAVO_ALWAYS_INLINE size_t lanes_of(const FloatTile& tile, size_t j) {
  const size_t column = j * V::lanes;
  const size_t left = column < tile.columns ? tile.columns - column : 0;
  return left < V::lanes ? left : V::lanes;
}

// Writes a tile, each vector `Whole` or the lanes that are columns. Everything is read before
// anything is written: reads wait for writes whose addresses differ by a multiple of 4 KiB.
template <class V, bool Whole, int Rows, int Vectors>
OCTAVO_ALWAYS_INLINE void write_vectors(const FloatTile& tile,
                                        typename V::T (&sums)[Rows][Vectors]) {
  // Counted from the tile itself they would be counted again after every store.
  size_t lanes[Vectors];
#pragma GCC unroll 8
  for (int j = 0; j < Vectors; ++j) lanes[j] = lanes_of<V>(tile, j);
  const auto load = [&lanes](const float* from, int j) {
    if constexpr (Whole) return V::load(from);
    return V::load_first(from, lanes[j]);
  };
  if (tile.bias != nullptr) {
#pragma GCC unroll 8
    for (int j = 0; j < Vectors; ++j) {
      const typename V::T bias = load(tile.bias + j * V::lanes, j);
#pragma GCC unroll 12
      for (int i = 0; i < Rows; ++i) sums[i][j] = V::add(sums[i][j], bias);
    }
  }
  if (tile.start != nullptr) {
#pragma GCC unroll 12
    for (int i = 0; i < Rows; ++i) {
      const float* const start = tile.start + i * tile.start_stride;
#pragma GCC unroll 8
      for (int j = 0; j < Vectors; ++j) {
        sums[i][j] = V::add(sums[i][j], load(start + j * V::lanes, j));
      }
    }
  }
  if (tile.activation == OCTAVO_CLIP) {
    const typename V::T low = V::set(tile.alpha), high = V::set(tile.beta);
#pragma GCC unroll 12
    for (int i = 0; i < Rows; ++i) {
#pragma GCC unroll 8
      for (int j = 0; j < Vectors; ++j) sums[i][j] = V::min(high, V::max(low, sums[i][j]));
    }
  }
#pragma GCC unroll 12
  for (int i = 0; i < Rows; ++i) {
    float* const out = tile.out + i * tile.out_stride;
#pragma GCC unroll 8
    for (int j = 0; j < Vectors; ++j) {
      if constexpr (Whole) {
        V::store(out + j * V::lanes, sums[i][j]);
      } else {
        V::store_first(out + j * V::lanes, sums[i][j], lanes[j]);
      }
    }
  }
}

template <class V, int Rows, int Vectors>
OCTAVO_ALWAYS_INLINE void write_tile(const FloatTile& tile, typename V::T (&sums)[Rows][Vectors]) {
  if (tile.columns == Vectors * V::lanes) {
    write_vectors<V, true, Rows, Vectors>(tile, sums);
  } else {
    write_vectors<V, false, Rows, Vectors>(tile, sums);
  }
}

}  // namespace
}  // namespace octavo

#endif  // OCTAVO_SRC_FLOAT_GEMM_FLOAT_TILE_WRITE_H_
