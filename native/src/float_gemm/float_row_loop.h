// One row times kRowPanels panels, over the vector traits and formats of float_tile_loop.h. It
// makes the same sums as tiles of a single panel: bits would otherwise depend on which columns are
// multiplied together, and so on the threads.
//
// Everything here has internal linkage: it is compiled once for each instruction set.
#ifndef OCTAVO_SRC_FLOAT_GEMM_FLOAT_ROW_LOOP_H_
#define OCTAVO_SRC_FLOAT_GEMM_FLOAT_ROW_LOOP_H_

#include "float_gemm/float_tile.h"
#include "float_gemm/float_tile_write.h"

namespace octavo {
namespace {

// Independent sums of an output of one or two rows: they hide the latency of a multiply-add.
constexpr int kRowChains = 2;

template <class V, class W, int Vectors>
__attribute__((noinline)) void run_row(const FloatTile& tile) {
  constexpr int kVectors = kRowPanels * Vectors;
  constexpr size_t kWidth = Vectors * V::lanes;
  typename V::T sums[kRowChains][1][kVectors];
#pragma GCC unroll 2
  for (int chain = 0; chain < kRowChains; ++chain) {
#pragma GCC unroll 8
    for (int j = 0; j < kVectors; ++j) sums[chain][0][j] = V::zero();
  }
  const typename W::Element* panel = static_cast<const typename W::Element*>(tile.panel);
  const size_t stride = tile.panel_stride;
  const auto step = [&](typename V::T (&to)[1][kVectors], float x) {
    const typename V::T a = V::set(x);
#pragma GCC unroll 8
    for (int j = 0; j < kVectors; ++j) {
      const typename W::Element* from = panel + j / Vectors * stride + j % Vectors * V::lanes;
      to[0][j] = W::multiply_add(a, W::load(from), to[0][j]);
      V::end_row();
    }
    panel += kWidth;
  };
  for (size_t run = 0; run < tile.run_count; ++run) {
    const float* const lhs = tile.lhs[0] + tile.runs[run];
    size_t k = 0;
#pragma GCC unroll 1
    for (; k + kRowChains <= tile.depth; k += kRowChains) {
#pragma GCC unroll 2
      for (int chain = 0; chain < kRowChains; ++chain) step(sums[chain], lhs[k + chain]);
    }
    if (k < tile.depth) step(sums[0], lhs[k]);
  }
#pragma GCC unroll 8
  for (int j = 0; j < kVectors; ++j) sums[0][0][j] = V::add(sums[0][0][j], sums[1][0][j]);
  write_tile<V, 1, kVectors>(tile, sums[0]);
}

}  // namespace
}  // namespace octavo

#endif  // OCTAVO_SRC_FLOAT_GEMM_FLOAT_ROW_LOOP_H_
