// The one function type of microkernels that multiply floats by block-quantized weights, which
// become floats in registers:
//
//   sums[i][j] = sum over k of lhs[i][k] * f32((q[k][j] - zero_point[b][j]) * scale[b][j])
//
// for i < rows and j < 16 * panels. The order of the additions is a function of the shape alone.
//
// This header is included by files compiled with instruction-set flags: it defines no functions.
#ifndef OCTAVO_SRC_BLOCK_GEMM_EXACT_TILE_H_
#define OCTAVO_SRC_BLOCK_GEMM_EXACT_TILE_H_

#include "block_gemm/block_tile.h"

namespace octavo {

constexpr size_t kMaxExactTileRows = 4;
// Vectors of 16 sums of a panel: several of each row, which are added up at the end.
constexpr size_t kMaxExactSums = 2 * kMaxExactTileRows;

struct ExactTile {
  BlockShape shape;
  size_t k;
  size_t panels;  // of the group
  const uint8_t* group;
  size_t rows;
  const float* lhs;
  size_t lhs_stride;  // in floats
  float* sums;        // [rows][kMaxGroupColumns]
  float* partial;     // [panels][kMaxExactSums][16], aligned to 64 bytes, for the kernel's own use
};
using ExactMicrokernelFn = void (*)(const ExactTile& tile);

#define OCTAVO_EXACT_MICROKERNEL(isa, name, mr, most_rows) void name(const ExactTile& tile);
#include "block_gemm/exact_microkernels.inc"
#undef OCTAVO_EXACT_MICROKERNEL

}  // namespace octavo

#endif  // OCTAVO_SRC_BLOCK_GEMM_EXACT_TILE_H_
