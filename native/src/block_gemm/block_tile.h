// The one function type of every microkernel of block-quantized weights.
//
//   out[i][j] = fma(f32(sum over k in block b of lhs[i][k] * (q[k][j] - zero_point[b][j])),
//                   f32(lhs_scale[i][b] * scale[b][j]), out[i][j])       for each block b in order
//
// for i < rows and j < 16 * panels, starting from out = 0. A panel holds 16 columns: for each block
// its 16 scales (float, or half precision), then 16 zero points (a byte each; left out where all
// are the middle), then rows of 64 bytes. Byte 4j + i of a row has numbers of column j: with p =
// 8 / bits, number 4h + i of the row's 4p values of k is in bits [h * bits, (h + 1) * bits). The
// panels of a group are stored block by block, each block of one beside that of the next: weights
// are read as one stream, and lhs is still in the first-level cache when the next panel needs it.
//
// This header is included by files compiled with instruction-set flags: it defines no functions.
#ifndef OCTAVO_SRC_BLOCK_GEMM_BLOCK_TILE_H_
#define OCTAVO_SRC_BLOCK_GEMM_BLOCK_TILE_H_

#include <stddef.h>
#include <stdint.h>

namespace octavo {

constexpr size_t kBlockColumns = 16;
constexpr size_t kMaxGroupPanels = 4;
constexpr size_t kMaxGroupColumns = kMaxGroupPanels * kBlockColumns;
constexpr size_t kBlockRowBytes = 64;
constexpr size_t kMaxBlockTileRows = 12;
// How far ahead weights are asked for: what memory delivers while one request is under way, and
// beyond the page where the processor's own prefetching ends.
constexpr size_t kBlockPrefetchBytes = 8192;

// What all panels of a matrix have in common.
struct BlockShape {
  uint32_t bits;
  bool half_scales;
  bool has_zero_points;
  size_t header_bytes;  // scales and zero points of a block
  size_t blocks;
  size_t block_rows;  // of 64 bytes in each block
  size_t last_rows;   // in the last block

  constexpr size_t block_bytes(size_t rows) const { return header_bytes + rows * kBlockRowBytes; }
};

struct BlockTile {
  BlockShape shape;
  size_t rows;
  size_t panels;         // of the group
  const uint8_t* group;
  const uint8_t* lhs;  // quantized, as the kernel's table line says
  size_t lhs_stride;   // in bytes
  const float* lhs_scales;
  // -sum of the block's quantized values, times the middle unless there are zero points
  const int32_t* lhs_offsets;
  size_t block_stride;  // from row to row of the two above
  float* out;           // [rows][kMaxGroupColumns], aligned to 64 bytes
  int32_t* totals;      // [rows][16], aligned likewise, for the kernel's own use
};

using BlockMicrokernelFn = void (*)(const BlockTile& tile);

#define OCTAVO_BLOCK_MICROKERNEL(isa, name, bits, mr, lhs) void name(const BlockTile& tile);
#include "block_gemm/block_microkernels.inc"
#undef OCTAVO_BLOCK_MICROKERNEL

}  // namespace octavo

#endif  // OCTAVO_SRC_BLOCK_GEMM_BLOCK_TILE_H_
