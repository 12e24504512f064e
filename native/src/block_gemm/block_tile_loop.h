// The tile loop that every block microkernel is made of, over a vector trait `V` and a product `D`.
// A vector holds 4 bytes of each of `lanes` columns. A trait has
//   lanes, Int, Float, load(p), broadcast(p) of 4 bytes, splat(int32), add(Int, Int), mul(Int,
//   Int), bytes(p) and floats(p) and halves(p): lanes values widened, to_float(Int), splat(float),
//   load(const float*), store(float*, Float), mul(Float, Float), fma(a, b, c) = a * b + c
// and a product has
//   planes          products that a vector of weights takes part in, with 4 bytes of lhs each
//   rows_per_chunk  after so many rows, sums have to become int32
//   unpack<plane>(Int), add(sum, weights, lhs), widen(sum) -> one int32 a column
//
// Everything here has internal linkage: it is compiled once for each instruction set.
#ifndef OCTAVO_SRC_BLOCK_GEMM_BLOCK_TILE_LOOP_H_
#define OCTAVO_SRC_BLOCK_GEMM_BLOCK_TILE_LOOP_H_

#include "block_gemm/block_tile.h"

namespace octavo {
namespace {

#define OCTAVO_ALWAYS_INLINE __attribute__((always_inline)) inline

// How far ahead weights are asked for: the processor's own prefetching starts anew at each page.
constexpr size_t kBlockPrefetchBytes = 1024;

template <class V>
struct BlockVectors {
  static constexpr int count = static_cast<int>(kBlockColumns / V::lanes);
};

// Adds the products of one row of 64 bytes.
template <class V, class D, int Rows, int Plane, int Vectors>
OCTAVO_ALWAYS_INLINE void multiply_planes(typename V::Int (&sums)[Rows][Vectors],
                                          const uint8_t* weights, const uint8_t* lhs,
                                          size_t lhs_stride) {
  typename V::Int w[Vectors];
#pragma GCC unroll 2
  for (int j = 0; j < Vectors; ++j) {
    w[j] = D::template unpack<Plane>(V::load(weights + 4 * V::lanes * j));
  }
#pragma GCC unroll 8
  for (int i = 0; i < Rows; ++i) {
    const typename V::Int a = V::broadcast(lhs + i * lhs_stride + 4 * Plane);
#pragma GCC unroll 2
    for (int j = 0; j < Vectors; ++j) sums[i][j] = D::add(sums[i][j], w[j], a);
  }
  // Compilers that keep the raw weights for the next plane run out of registers.
  if constexpr (Rows > 2) __asm__ volatile("" ::: "memory");
  if constexpr (Plane + 1 < D::planes) {
    multiply_planes<V, D, Rows, Plane + 1, Vectors>(sums, weights, lhs, lhs_stride);
  }
}

template <class V, class D, int Rows, int Vectors>
OCTAVO_ALWAYS_INLINE void finish_block(const BlockTile& tile, size_t block, const uint8_t* header,
                                       const int32_t (&sums)[Rows][kBlockColumns]) {
  const bool half = tile.shape.half_scales;
  const uint8_t* zero_points = header + kBlockColumns * (half ? 2 : 4);
#pragma GCC unroll 2
  for (int j = 0; j < Vectors; ++j) {
    const size_t column = V::lanes * j;
    const typename V::Float scale =
        half ? V::halves(header + 2 * column) : V::floats(header + 4 * column);
    typename V::Int zero_point = V::splat(int32_t{1});
    if (tile.shape.has_zero_points) zero_point = V::bytes(zero_points + column);
#pragma GCC unroll 8
    for (int i = 0; i < Rows; ++i) {
      const size_t at = i * tile.block_stride + block;
      typename V::Int offset = V::splat(tile.lhs_offsets[at]);
      if (tile.shape.has_zero_points) offset = V::mul(offset, zero_point);
      const typename V::Int sum = V::load_sums(sums[i] + column);
      float* const out = tile.out + i * kBlockColumns + column;
      V::store(out, V::fma(V::to_float(V::add(sum, offset)),
                           V::mul(scale, V::splat(tile.lhs_scales[at])), V::load(out)));
    }
  }
}

template <class V, class D, int Rows, int Vectors>
OCTAVO_ALWAYS_INLINE const uint8_t* sum_block(const BlockTile& tile, const uint8_t* weights,
                                              size_t row_count, const uint8_t* lhs,
                                              int32_t (&totals)[Rows][kBlockColumns]) {
  bool first = true;
  do {
    const size_t count = row_count < D::rows_per_chunk ? row_count : D::rows_per_chunk;
    row_count -= count;
    typename V::Int sums[Rows][Vectors];
#pragma GCC unroll 8
    for (int i = 0; i < Rows; ++i) {
#pragma GCC unroll 2
      for (int j = 0; j < Vectors; ++j) sums[i][j] = V::splat(int32_t{0});
    }
    for (size_t row = 0; row < count; ++row) {
      __builtin_prefetch(weights + kBlockPrefetchBytes);
      multiply_planes<V, D, Rows, 0, Vectors>(sums, weights, lhs, tile.lhs_stride);
      weights += kBlockRowBytes;
      lhs += 4 * D::planes;
    }
#pragma GCC unroll 8
    for (int i = 0; i < Rows; ++i) {
#pragma GCC unroll 2
      for (int j = 0; j < Vectors; ++j) {
        int32_t* const total = totals[i] + V::lanes * j;
        const typename V::Int sum = D::widen(sums[i][j]);
        V::store_sums(total, first ? sum : V::add(sum, V::load_sums(total)));
      }
    }
    first = false;
  } while (row_count != 0);
  return weights;
}

template <class V, class D, int Rows>
__attribute__((noinline)) void run_block_tile(const BlockTile& tile) {
  constexpr int kVectors = BlockVectors<V>::count;
  const BlockShape& shape = tile.shape;
  for (int i = 0; i < Rows; ++i) {
    for (size_t j = 0; j < kBlockColumns; ++j) tile.out[i * kBlockColumns + j] = 0;
  }
  alignas(64) int32_t totals[Rows][kBlockColumns];
  const uint8_t* panel = tile.panel;
  const uint8_t* lhs = tile.lhs;
  for (size_t block = 0; block < shape.blocks; ++block) {
    const uint8_t* const header = panel;
    const size_t rows = block + 1 == shape.blocks ? shape.last_rows : shape.block_rows;
    panel = sum_block<V, D, Rows, kVectors>(tile, panel + shape.header_bytes, rows, lhs, totals);
    lhs += rows * 4 * D::planes;
    finish_block<V, D, Rows, kVectors>(tile, block, header, totals);
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
