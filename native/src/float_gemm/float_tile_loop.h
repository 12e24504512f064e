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

#include "float_gemm/float_tile.h"

namespace octavo {
namespace {

#define OCTAVO_ALWAYS_INLINE __attribute__((always_inline)) inline

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

// One vector of one row, `Whole` or its first `count` lanes.
template <class V, bool Whole>
OCTAVO_ALWAYS_INLINE void write(const FloatTile& tile, size_t row, size_t column, size_t count,
                                typename V::T sum) {
  const auto load = [count](const float* from) {
    if constexpr (Whole) return V::load(from);
    return V::load_first(from, count);
  };
  if (tile.bias != nullptr) sum = V::add(sum, load(tile.bias + column));
  if (tile.start != nullptr) {
    sum = V::add(sum, load(tile.start + row * tile.start_stride + column));
  }
  sum = V::min(V::set(tile.high), V::max(V::set(tile.low), sum));
  float* const out = tile.out + row * tile.out_stride + column;
  if constexpr (Whole) {
    V::store(out, sum);
  } else {
    V::store_first(out, sum, count);
  }
}

template <class V, int Rows, int Vectors>
OCTAVO_ALWAYS_INLINE void write_tile(const FloatTile& tile, typename V::T (&sums)[Rows][Vectors]) {
  if (tile.columns == Vectors * V::lanes) {
#pragma GCC unroll 12
    for (int i = 0; i < Rows; ++i) {
#pragma GCC unroll 4
      for (int j = 0; j < Vectors; ++j) {
        write<V, true>(tile, i, j * V::lanes, V::lanes, sums[i][j]);
      }
    }
    return;
  }
#pragma GCC unroll 12
  for (int i = 0; i < Rows; ++i) {
#pragma GCC unroll 4
    for (int j = 0; j < Vectors; ++j) {
      const size_t column = j * V::lanes;
      const size_t left = column < tile.columns ? tile.columns - column : 0;
      write<V, false>(tile, i, column, left < V::lanes ? left : V::lanes, sums[i][j]);
    }
  }
}

// Adds the products of row `k` of the panel.
template <class V, class W, int Rows, int Vectors>
OCTAVO_ALWAYS_INLINE void multiply(typename V::T (&sums)[Rows][Vectors],
                                   const float* const (&lhs)[Rows], size_t k,
                                   const typename W::Element* panel) {
  typename V::T weights[Vectors];
#pragma GCC unroll 4
  for (int j = 0; j < Vectors; ++j) weights[j] = W::load(panel + j * V::lanes);
#pragma GCC unroll 12
  for (int i = 0; i < Rows; ++i) {
    const typename V::T a = V::set(lhs[i][k]);
#pragma GCC unroll 4
    for (int j = 0; j < Vectors; ++j) sums[i][j] = W::multiply_add(a, weights[j], sums[i][j]);
    V::end_row();
  }
  // Compilers that begin the next row early run out of registers.
  __asm__ volatile("" ::: "memory");
}

// `next` is asked for as the depth passes: a cache line in each eight steps.
constexpr size_t kHintStep = 8;

// Several independent sums for each output hide the latency of a multiply-add where there are few
// rows.
template <class V, class W, int Rows, int Vectors>
__attribute__((noinline)) void run_tile(const FloatTile& tile) {
  constexpr int kChains = Rows == 1 ? 4 : Rows == 2 ? 2 : 1;
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
  for (int i = 0; i < Rows; ++i) __builtin_prefetch(tile.out + i * tile.out_stride, 1, 3);
  for (size_t run = 0; run < tile.run_count; ++run) {
    const float* lhs[Rows];
#pragma GCC unroll 12
    for (int i = 0; i < Rows; ++i) lhs[i] = tile.lhs[i] + tile.runs[run];
    size_t k = 0;
    if constexpr (kChains > 1) {
      for (; k + kChains <= tile.depth; k += kChains, panel += kChains * kWidth) {
#pragma GCC unroll 4
        for (int chain = 0; chain < kChains; ++chain) {
          multiply<V, W, Rows, Vectors>(sums[chain], lhs, k + chain, panel + chain * kWidth);
        }
      }
    }
#pragma GCC unroll 1
    for (; k < tile.depth; ++k, panel += kWidth, next += kHintStep) {
      __builtin_prefetch(next, 0, 2);
      multiply<V, W, Rows, Vectors>(sums[0], lhs, k, panel);
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
  run_tile<V, W, Rows, Vectors>(tile);
}

template <class V, class W, int MaxRows, int MaxVectors>
OCTAVO_ALWAYS_INLINE void run_float_tile(const FloatTile& tile) {
  if (tile.columns <= V::lanes) {
    run_rows<V, W, MaxRows, 1>(tile);
  } else {
    run_rows<V, W, MaxRows, MaxVectors>(tile);
  }
  if (tile.activation > OCTAVO_CLIP) activate_tile<V>(tile);
}

}  // namespace
}  // namespace octavo

#endif  // OCTAVO_SRC_FLOAT_GEMM_FLOAT_TILE_LOOP_H_
