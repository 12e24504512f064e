// The sums of a tile in registers, from where a tile starts to where it ends.
//
// Everything here has internal linkage: it is compiled once for each instruction set.
#ifndef OCTAVO_SRC_GEMM_KERNELS_SUMS_NEON_H_
#define OCTAVO_SRC_GEMM_KERNELS_SUMS_NEON_H_

#include <arm_neon.h>

#include "gemm/microkernel.h"

namespace octavo {
namespace {

template <int Rows, int Vectors>
using TileSums = int32x4_t[Rows][Vectors];

template <int Rows, int Vectors>
__attribute__((always_inline)) inline void load_sums(const Tile& tile,
                                                     TileSums<Rows, Vectors>& sums) {
#pragma GCC unroll 4
  for (int i = 0; i < Rows; ++i) {
#pragma GCC unroll 4
    for (int j = 0; j < Vectors; ++j) {
      sums[i][j] = vld1q_s32(tile.init + i * tile.init_stride + 4 * j);
    }
  }
}

template <int Rows, int Vectors>
__attribute__((always_inline)) inline void store_sums(const Tile& tile,
                                                      const TileSums<Rows, Vectors>& sums) {
#pragma GCC unroll 4
  for (int i = 0; i < Rows; ++i) {
#pragma GCC unroll 4
    for (int j = 0; j < Vectors; ++j) {
      vst1q_s32(tile.acc + i * tile.acc_stride + 4 * j, sums[i][j]);
    }
  }
}

}  // namespace
}  // namespace octavo

#endif  // OCTAVO_SRC_GEMM_KERNELS_SUMS_NEON_H_
