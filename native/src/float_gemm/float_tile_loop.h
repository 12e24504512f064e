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

// Pointers to rows that stay in general registers; the others come from memory each time. Compilers
// would keep them in vector registers, and moves out of those take the ports of multiply-adds.
constexpr int kKeptPointers = 8;

// A format whose weights are left in tile.widened.
template <class W>
struct Leaving : W {};
template <class W>
constexpr bool kLeaves = false;
template <class W>
constexpr bool kLeaves<Leaving<W>> = true;

template <class V, class W, int Vectors>
OCTAVO_ALWAYS_INLINE void leave(const FloatTile& tile, const typename V::T (&weights)[Vectors],
                                const typename W::Element* panel) {
  float* const to = tile.widened + (panel - static_cast<const typename W::Element*>(tile.panel));
#pragma GCC unroll 4
  for (int j = 0; j < Vectors; ++j) V::store(to + j * V::lanes, weights[j]);
}

// Adds the products of row `k` of the panel.
template <class V, class W, int Rows, int Vectors>
OCTAVO_ALWAYS_INLINE void multiply(const FloatTile& tile, typename V::T (&sums)[Rows][Vectors],
                                   const float* const (&lhs)[Rows],
                                   const float* const* far_lhs, size_t k,
                                   const typename W::Element* panel) {
  typename V::T weights[Vectors];
#pragma GCC unroll 4
  for (int j = 0; j < Vectors; ++j) weights[j] = W::load(panel + j * V::lanes);
  if constexpr (kLeaves<W>) leave<V, W>(tile, weights, panel);
#pragma GCC unroll 12
  for (int i = 0; i < Rows; ++i) {
    const typename V::T a = V::set((i < kKeptPointers ? lhs : far_lhs)[i][k]);
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
template <class V, class W, int Rows, int Vectors>
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
  const char* next = static_cast<const char*>(tile.next);
#pragma GCC unroll 12
  for (int i = 0; i < Rows; ++i) {
    const float* const out = tile.out + i * tile.out_stride;
    __builtin_prefetch(out, 1, 3);
    if constexpr (kWidth > kFloatsPerLine) __builtin_prefetch(out + kWidth - 1, 1, 3);
  }
  for (size_t run = 0; run < tile.run_count; ++run) {
    const float* lhs[Rows];
    const float* far_lhs[Rows];
#pragma GCC unroll 12
    for (int i = 0; i < Rows; ++i) lhs[i] = far_lhs[i] = tile.lhs[i] + tile.runs[run];
    if constexpr (Rows > kKeptPointers) __asm__ volatile("" ::"r"(far_lhs) : "memory");
    size_t k = 0;
#pragma GCC unroll 1
    for (; k + kTaken <= tile.depth; k += kTaken, panel += kTaken * kWidth) {
      if constexpr (kChains == 1) {
        __builtin_prefetch(next, 0, 2);
        next += tile.next_step;
      }
#pragma GCC unroll 4
      for (int step = 0; step < kTaken; ++step) {
        multiply<V, W, Rows, Vectors>(tile, sums[step % kChains], lhs, far_lhs, k + step,
                                      panel + step * kWidth);
      }
    }
#pragma GCC unroll 1
    for (; k < tile.depth; ++k, panel += kWidth) {
      multiply<V, W, Rows, Vectors>(tile, sums[0], lhs, far_lhs, k, panel);
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

template <class V, class W, int Rows, int Vectors, int MinRows>
OCTAVO_ALWAYS_INLINE void run_rows(const FloatTile& tile) {
  if constexpr (Rows > MinRows) {
    if (tile.rows < Rows) return run_rows<V, W, Rows - 1, Vectors, MinRows>(tile);
  }
  run_tile<V, W, Rows, Vectors>(tile);
}

template <class V, class W, int MaxRows, int MaxVectors, int MinRows = 1>
OCTAVO_ALWAYS_INLINE void run_columns(const FloatTile& tile) {
  if (tile.columns <= V::lanes) {
    run_rows<V, W, MaxRows, 1, MinRows>(tile);
  } else {
    run_rows<V, W, MaxRows, MaxVectors, MinRows>(tile);
  }
}

template <class V, class W, int MaxRows, int MaxVectors>
OCTAVO_ALWAYS_INLINE void run_float_tile(const FloatTile& tile) {
  constexpr bool kHalves = sizeof(typename W::Element) < sizeof(float);
  // Weights are left by the first of at least three tiles, of nearly equal height.
  constexpr int kFewestRows = 2 * MaxRows / 3 + 1;
  if (tile.columns > MaxVectors * V::lanes) {
    run_row<V, W, MaxVectors>(tile);
  } else if (!kHalves || tile.widened == nullptr) {
    run_columns<V, W, MaxRows, MaxVectors>(tile);
  } else if constexpr (kHalves) {
    run_columns<V, Leaving<W>, MaxRows, MaxVectors, kFewestRows>(tile);
  }
  if (tile.activation > OCTAVO_CLIP) activate_tile<V>(tile);
}

}  // namespace
}  // namespace octavo

#endif  // OCTAVO_SRC_FLOAT_GEMM_FLOAT_TILE_LOOP_H_
