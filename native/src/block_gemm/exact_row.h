// One row of floats times a panel of block-quantized weights that become floats in registers:
//
//   sums[j] = sum over k of lhs[k] * f32((q[k][j] - zero_point[b][j]) * scale[b][j])
//
// The order of a kernel's additions is a function of the shape alone.
//
// This header is included by files compiled with instruction-set flags: it defines no functions.
#ifndef OCTAVO_SRC_BLOCK_GEMM_EXACT_ROW_H_
#define OCTAVO_SRC_BLOCK_GEMM_EXACT_ROW_H_

#include "block_gemm/block_tile.h"

namespace octavo {

struct ExactRow {
  BlockShape shape;
  const uint8_t* panel;
  const float* lhs;
  size_t k;
  float* sums;  // 16
};
using ExactRowFn = void (*)(const ExactRow&);

#define OCTAVO_EXACT_ROW_KERNEL(isa, name) void name(const ExactRow& row);
#include "block_gemm/exact_row_kernels.inc"
#undef OCTAVO_EXACT_ROW_KERNEL

}  // namespace octavo

#endif  // OCTAVO_SRC_BLOCK_GEMM_EXACT_ROW_H_
