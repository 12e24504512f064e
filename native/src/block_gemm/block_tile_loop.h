// The tile loop that every block microkernel is made of, over a vector trait `V` and a product `D`.
// A vector holds 4 bytes of each of `lanes` columns. A trait has
//   lanes, Int, Float, quads(p), broadcast(p) of 4 bytes, splat(int32), add(Int, Int), mul(Int,
//   Int), bytes(p) and floats(p) and halves(p): lanes values widened, to_float(Int), splat(float),
//   load and store of int32_t* and float*, mul(Float, Float), fma(a, b, c) = a * b + c,
//   keep_order(Int&), before which no compiler moves what comes after
// and a product has
//   lowered         what unpack() takes off weights: their middle, or 0
//   planes          products that a vector of weights takes part in, with 4 bytes of lhs each
//   rows_per_chunk  after so many rows, sums have to become int32
//   unpack<plane>(Int), add(sum, weights, lhs), widen(sum) -> one int32 a column
//
// Everything here has internal linkage: it is compiled once for each instruction set.
#ifndef OCTAVO_SRC_BLOCK_GEMM_BLOCK_TILE_LOOP_H_
#define OCTAVO_SRC_BLOCK_GEMM_BLOCK_TILE_LOOP_H_

#include "base/always_inline.h"
#include "block_gemm/block_tile.h"

namespace octavo {
namespace {

// Adds the products of one row of 64 bytes.
template <class V, class D, int Rows, int Plane, int Vectors>
OCTAVO_ALWAYS_INLINE void multiply_planes(typename V::Int (&sums)[Rows][Vectors],
                                          const uint8_t* weights, const uint8_t* lhs,
                                          size_t lhs_stride) {
  typename V::Int w[Vectors];
#pragma GCC unroll 16
  for (int j = 0; j < Vectors; ++j) {
    w[j] = D::template unpack<Plane>(V::quads(weights + 4 * V::lanes * j));
  }
#pragma GCC unroll 8
  for (int i = 0; i < Rows; ++i) {
    const typename V::Int a = V::broadcast(lhs + i * lhs_stride + 4 * Plane);
#pragma GCC unroll 16
    for (int j = 0; j < Vectors; ++j) {
      sums[i][j] = D::add(sums[i][j], w[j], a);
      // Compilers that begin the next products early run out of registers.
      if constexpr (Rows > 1 || D::planes > 2) V::keep_order(sums[i][j]);
    }
  }
  if constexpr (Rows > 1 || D::planes > 2) __asm__ volatile("" ::: "memory");
  if constexpr (Plane + 1 < D::planes) {
    multiply_planes<V, D, Rows, Plane + 1, Vectors>(sums, weights, lhs, lhs_stride);
  }
}

// Sums of a block, a vector each. One row's stay in registers; those of more rows wait in the
// tile's memory while the products of a block take all registers.
template <class V, int Rows>
struct Totals {
  explicit Totals(int32_t* to) : memory(to) {}

  typename V::Int get(int row, int vector) const { return V::load(memory + at(row, vector)); }
  void set(int row, int vector, typename V::Int sum) { V::store(memory + at(row, vector), sum); }
  static size_t at(int row, int vector) { return row * kBlockColumns + vector * V::lanes; }
  int32_t* memory;
};

template <class V>
struct Totals<V, 1> {
  explicit Totals(int32_t*) {}

  typename V::Int get(int, int vector) const { return sums[vector]; }
  void set(int, int vector, typename V::Int sum) { sums[vector] = sum; }
  typename V::Int sums[kBlockColumns / V::lanes];
};

template <class V>
constexpr int kVectors = static_cast<int>(kBlockColumns / V::lanes);

// Adds the products of at most rows_per_chunk rows, as one int32 a column, to `totals`.
template <class V, class D, int Rows>
OCTAVO_ALWAYS_INLINE void sum_chunk(Totals<V, Rows>& totals, const uint8_t* weights,
                                    size_t row_count, const uint8_t* lhs, size_t lhs_stride) {
  typename V::Int sums[Rows][kVectors<V>];
#pragma GCC unroll 8
  for (int i = 0; i < Rows; ++i) {
#pragma GCC unroll 16
    for (int j = 0; j < kVectors<V>; ++j) sums[i][j] = V::splat(int32_t{0});
  }
#pragma GCC unroll 1
  for (size_t row = 0; row < row_count; ++row) {
    __builtin_prefetch(weights + kBlockPrefetchBytes);
    multiply_planes<V, D, Rows, 0, kVectors<V>>(sums, weights, lhs, lhs_stride);
    weights += kBlockRowBytes;
    lhs += 4 * D::planes;
  }
#pragma GCC unroll 8
  for (int i = 0; i < Rows; ++i) {
#pragma GCC unroll 16
    for (int j = 0; j < kVectors<V>; ++j) {
      totals.set(i, j, V::add(totals.get(i, j), D::widen(sums[i][j])));
    }
  }
}

// What the sums of a block start from: the share of its zero points.
template <class V, class D, int Rows>
OCTAVO_ALWAYS_INLINE void start_block(const BlockTile& tile, size_t block, const uint8_t* header,
                                      Totals<V, Rows>& totals) {
  const uint8_t* zero_points = header + tile.shape.header_bytes - kBlockColumns;
#pragma GCC unroll 1
  for (int i = 0; i < Rows; ++i) {
    const typename V::Int offset = V::splat(tile.lhs_offsets[i * tile.block_stride + block]);
#pragma GCC unroll 16
    for (int j = 0; j < kVectors<V>; ++j) {
      // Weights without zero points have their middle for one.
      typename V::Int total = D::lowered == 0 ? offset : V::splat(int32_t{0});
      if (tile.shape.has_zero_points) {
        const typename V::Int zero_point = V::bytes(zero_points + V::lanes * j);
        total = V::mul(offset, V::add(zero_point, V::splat(-D::lowered)));
      }
      totals.set(i, j, total);
    }
  }
}

// Adds the totals of a block, scaled, to outputs kMaxGroupColumns apart.
template <class V, int Rows>
OCTAVO_ALWAYS_INLINE void finish_block(const BlockTile& tile, size_t block, const uint8_t* header,
                                       const Totals<V, Rows>& totals, float* out) {
#pragma GCC unroll 16
  for (int j = 0; j < kVectors<V>; ++j) {
    const size_t column = V::lanes * j;
    const typename V::Float scale =
        tile.shape.half_scales ? V::halves(header + 2 * column) : V::floats(header + 4 * column);
#pragma GCC unroll 1
    for (int i = 0; i < Rows; ++i) {
      const typename V::Float lhs_scale = V::splat(tile.lhs_scales[i * tile.block_stride + block]);
      float* const to = out + i * kMaxGroupColumns + column;
      const typename V::Float sum = V::to_float(totals.get(i, j));
      V::store(to, V::fma(sum, V::mul(scale, lhs_scale), V::load(to)));
    }
  }
}

template <class V, class D, int Rows>
__attribute__((noinline)) void run_block_tile(const BlockTile& tile) {
  const BlockShape& shape = tile.shape;
  Totals<V, Rows> totals(tile.totals);
  for (size_t i = 0; i < Rows * kMaxGroupColumns; i += V::lanes) {
    V::store(tile.out + i, V::splat(0.0f));
  }
  const uint8_t* at = tile.group;
  const uint8_t* lhs = tile.lhs;
  for (size_t block = 0; block < shape.blocks; ++block) {
    const size_t rows = block + 1 == shape.blocks ? shape.last_rows : shape.block_rows;
    for (size_t panel = 0; panel < tile.panels; ++panel) {
      const uint8_t* const header = at;
      start_block<V, D, Rows>(tile, block, header, totals);
      at += shape.header_bytes;
      for (size_t row = 0; row < rows; row += D::rows_per_chunk) {
        const size_t count = rows - row < D::rows_per_chunk ? rows - row : D::rows_per_chunk;
        sum_chunk<V, D, Rows>(totals, at, count, lhs + row * 4 * D::planes, tile.lhs_stride);
        at += count * kBlockRowBytes;
      }
      finish_block<V, Rows>(tile, block, header, totals, tile.out + panel * kBlockColumns);
    }
    lhs += rows * 4 * D::planes;
  }
}

template <class V, class D, int Rows>
OCTAVO_ALWAYS_INLINE void run_block_rows(const BlockTile& tile) {
  if constexpr (Rows > 1) {
    if (tile.rows < Rows) return run_block_rows<V, D, Rows - 1>(tile);
  }
  run_block_tile<V, D, Rows>(tile);
}

}  // namespace
}  // namespace octavo

#endif  // OCTAVO_SRC_BLOCK_GEMM_BLOCK_TILE_LOOP_H_
