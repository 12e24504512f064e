// The tile loop that every float microkernel is made of, over a vector trait `V` and a weight
// format `W`. A trait has
//   lanes, T, zero(), set(x), load(p), load_first(p, count), store(p, v), store_first(p, v, count),
//   fma(a, b, c) = a * b + c, add, mul, min, max, select_negative(x, a, b) = x < 0 ? a : b,
//   end_row(), which keeps compilers from reading ahead where that takes registers from sums,
// and a format has Element, load(const Element*), which gives lanes weights, and multiply_add(a, w,
// c) = a * w + c. min and max return their second operand where either is NaN.
//
// Everything here has internal linkage: it is compiled once for each instruction set.
#ifndef OCTAVO_SRC_FLOAT_GEMM_FLOAT_TILE_LOOP_H_
#define OCTAVO_SRC_FLOAT_GEMM_FLOAT_TILE_LOOP_H_

#include "float_gemm/float_row_loop.h"
#include "float_gemm/float_tile.h"
#include "float_gemm/float_tile_write.h"
#include "float_gemm/lhs_registers.h"

namespace octavo {
namespace {

// What formats whose weights are loaded as floats share.
template <class V>
struct FloatProduct {
  static typename V::T multiply_add(typename V::T a, typename V::T w, typename V::T c) {
    return V::fma(a, w, c);
  }
};

// Pairs of bfloat16 without an instruction for them: a trait has low(x) and high(x), the two as
// floats.
template <class V>
struct BfloatPairs {
  using Element = float;
  static typename V::T load(const float* p) { return V::load(p); }
  static typename V::T multiply_add(typename V::T a, typename V::T w, typename V::T c) {
    return V::fma(V::high(a), V::high(w), V::fma(V::low(a), V::low(w), c));
  }
};

// Adds the products of one row of the panel and of elements `step` of the rows.
template <class V, class W, int Rows, int Vectors, class LhsRows>
OCTAVO_ALWAYS_INLINE void multiply(typename V::T (&sums)[Rows][Vectors], const LhsRows& lhs,
                                   int step, const typename W::Element* panel) {
  typename V::T weights[Vectors];
#pragma GCC unroll 4
  for (int j = 0; j < Vectors; ++j) weights[j] = W::load(panel + j * V::lanes);
#pragma GCC unroll 12
  for (int i = 0; i < Rows; ++i) {
    const typename V::T a = V::set(lhs.at(i, step));
#pragma GCC unroll 4
    for (int j = 0; j < Vectors; ++j) sums[i][j] = W::multiply_add(a, weights[j], sums[i][j]);
    V::end_row();
  }
  // Compilers that begin the next row early run out of registers.
  __asm__ volatile("" ::: "memory");
}

constexpr size_t kFloatsPerLine = 16;

// Several independent sums for each output hide the latency of a multiply-add where there are few
// rows.
template <class V, class W, int Rows, int Vectors, class LhsRows>
__attribute__((noinline)) void run_tile(const FloatTile& tile) {
  constexpr int kChains = Rows == 1 && Vectors == 1 ? 4 : Rows <= 2 ? kRowChains : 1;
  constexpr int kTaken = kChains > kTileSteps ? kChains : kTileSteps;
  constexpr size_t kWidth = Vectors * V::lanes;
  typename V::T sums[kChains][Rows][Vectors];
#pragma GCC unroll 4
  for (int chain = 0; chain < kChains; ++chain) {
#pragma GCC unroll 12
    for (int i = 0; i < Rows; ++i) {
#pragma GCC unroll 4
      for (int j = 0; j < Vectors; ++j) sums[chain][i][j] = V::zero();
    }
  }
  const typename W::Element* panel = static_cast<const typename W::Element*>(tile.panel);
  uintptr_t next = tile.next;
#pragma GCC unroll 12
  for (int i = 0; i < Rows; ++i) {
    const float* const out = tile.out + i * tile.out_stride;
    __builtin_prefetch(out, 1, 3);
    if constexpr (kWidth > kFloatsPerLine) __builtin_prefetch(out + kWidth - 1, 1, 3);
  }
  for (size_t run = 0; run < tile.run_count; ++run) {
    LhsRows lhs(tile, tile.runs[run]);
    size_t left = tile.depth;
#pragma GCC unroll 1
    for (; left >= kTaken; left -= kTaken, panel += kTaken * kWidth, lhs.advance(kTaken)) {
      if constexpr (kChains == 1) {
        __builtin_prefetch(reinterpret_cast<const void*>(next), 0, 3);
        next += tile.next_step;
      }
#pragma GCC unroll 4
      for (int step = 0; step < kTaken; ++step) {
        multiply<V, W>(sums[step % kChains], lhs, step, panel + step * kWidth);
      }
    }
#pragma GCC unroll 1
    for (; left != 0; --left, panel += kWidth, lhs.advance(1)) {
      multiply<V, W>(sums[0], lhs, 0, panel);
    }
  }
#pragma GCC unroll 4
  for (int chain = 1; chain < kChains; ++chain) {
#pragma GCC unroll 12
    for (int i = 0; i < Rows; ++i) {
#pragma GCC unroll 4
      for (int j = 0; j < Vectors; ++j) sums[0][i][j] = V::add(sums[0][i][j], sums[chain][i][j]);
    }
  }
  write_tile<V, Rows, Vectors>(tile, sums[0]);
}

template <class V, class W, int Rows, int Vectors>
OCTAVO_ALWAYS_INLINE void run_rows(const FloatTile& tile) {
  if constexpr (Rows > 1) {
    if (tile.rows < Rows) return run_rows<V, W, Rows - 1, Vectors>(tile);
  }
  if constexpr (Rows > kKeptPointers) {
    if (tile.lhs_stride != 0) return run_tile<V, W, Rows, Vectors, SpacedRows<Rows>>(tile);
  }
  run_tile<V, W, Rows, Vectors, RowPointers<Rows>>(tile);
}

template <class V, class W, int MaxRows, int MaxVectors>
OCTAVO_ALWAYS_INLINE void run_float_tile(const FloatTile& tile) {
  if (tile.columns > MaxVectors * V::lanes) {
    run_row<V, W, MaxVectors>(tile);
  } else if (tile.columns <= V::lanes) {
    run_rows<V, W, MaxRows, 1>(tile);
  } else {
    run_rows<V, W, MaxRows, MaxVectors>(tile);
  }
  if (tile.activation > OCTAVO_CLIP) activate_tile<V>(tile);
}

}  // namespace
}  // namespace octavo

#endif  // OCTAVO_SRC_FLOAT_GEMM_FLOAT_TILE_LOOP_H_
