// How the tile loop of float_tile_loop.h finds the elements of its rows: at(row, step) is element
// `step` from where advance() has come to.
//
// Everything here has internal linkage: it is compiled once for each instruction set.
#ifndef OCTAVO_SRC_FLOAT_GEMM_LHS_REGISTERS_H_
#define OCTAVO_SRC_FLOAT_GEMM_LHS_REGISTERS_H_

#include "base/always_inline.h"
#include "float_gemm/float_tile.h"

namespace octavo {
namespace {

// Pointers to rows that stay in general registers; the others come from memory each time. Compilers
// would keep them in vector registers, and moves out of those take the ports of multiply-adds.
constexpr int kKeptPointers = 8;

template <int Rows>
class RowPointers {
 public:
  OCTAVO_ALWAYS_INLINE RowPointers(const FloatTile& tile, size_t run) {
#pragma GCC unroll 12
    for (int i = 0; i < Rows; ++i) rows_[i] = far_rows_[i] = tile.lhs[i] + run;
    if constexpr (Rows > kKeptPointers) __asm__ volatile("" ::"r"(far_rows_) : "memory");
  }
  OCTAVO_ALWAYS_INLINE float at(int row, int step) const {
    return (row < kKeptPointers ? rows_ : far_rows_)[row][k_ + step];
  }
  OCTAVO_ALWAYS_INLINE void advance(size_t count) { k_ += count; }

 private:
  const float* rows_[Rows];
  const float* far_rows_[Rows];
  size_t k_ = 0;
};

// Rows at equal distances: addresses reach four of them from one pointer.
template <int Rows>
class SpacedRows {
 public:
  OCTAVO_ALWAYS_INLINE SpacedRows(const FloatTile& tile, size_t run)
      : stride_(tile.lhs_stride), three_strides_(3 * tile.lhs_stride) {
    // Compilers would work it out anew each time.
    __asm__("" : "+r"(three_strides_));
#pragma GCC unroll 3
    for (int i = 0; i < kPointers; ++i) rows_[i] = tile.lhs[4 * i] + run;
  }
  OCTAVO_ALWAYS_INLINE float at(int row, int step) const {
    return rows_[row / 4][(row % 4 == 3 ? three_strides_ : row % 4 * stride_) + step];
  }
  OCTAVO_ALWAYS_INLINE void advance(size_t count) {
#pragma GCC unroll 3
    for (int i = 0; i < kPointers; ++i) {
      rows_[i] += count;
      __asm__("" : "+r"(rows_[i]));
    }
  }

 private:
  static constexpr int kPointers = (Rows + 3) / 4;
  const float* rows_[kPointers];
  size_t stride_, three_strides_;
};

}  // namespace
}  // namespace octavo

#endif  // OCTAVO_SRC_FLOAT_GEMM_LHS_REGISTERS_H_
