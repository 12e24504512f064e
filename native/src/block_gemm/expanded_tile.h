// Products of many rows with block-quantized weights: weights become signed bytes once, in pieces
// that stay in cache, and meet all rows there.
//
//   sums[i][j] = fma(f32(sum over k in block b of lhs[i][k] * w[k][j]),
//                    f32(lhs_scale[i][b] * scale[b][j]), sums[i][j])      for each block b in order
//
// An expanded panel holds 16 columns: for each block its 16 scales as floats, 16 int32 `starts`,
// then rows of 64 bytes. Byte 4j + i of row r is w of k = 4r + i and column j: the number less its
// zero point, or less the middle where there are none. starts[j] is -128 times the sum of the
// block's bytes of column j: what sums start from whose left-hand side has 128 added.
//
// This header is included by files compiled with instruction-set flags: it defines no functions.
#ifndef OCTAVO_SRC_BLOCK_GEMM_EXPANDED_TILE_H_
#define OCTAVO_SRC_BLOCK_GEMM_EXPANDED_TILE_H_

#include "block_gemm/block_tile.h"

namespace octavo {

constexpr size_t kExpandedHeaderBytes = kBlockColumns * (sizeof(float) + sizeof(int32_t));

// Some blocks of panels beside each other in one group (block_gemm/block_tile.h); `shape` counts
// only these. Weights of 8 bits have no zero points: others do not fit a signed byte.
struct PanelExpansion {
  BlockShape shape;
  size_t panels;
  const uint8_t* packed;
  size_t block_step;    // in bytes, from block to block of a panel
  const uint8_t* last;  // the first panel's last of the blocks
  size_t ahead;         // bytes from weights to those that are asked for beside them
  uint8_t* expanded;
  size_t panel_stride;  // in bytes, of what is expanded
};
using ExpandPanelFn = void (*)(const PanelExpansion&);

struct ExpandedTile {
  size_t blocks;
  size_t block_quads;  // rows of 64 bytes in each block
  size_t last_quads;   // in the last block
  size_t panels;       // side by side, at most the kernel's
  const uint8_t* panel;
  size_t panel_stride;  // in bytes
  size_t rows;          // any number of them
  const uint8_t* lhs;   // quantized, as the kernel's table line says
  size_t lhs_stride;    // in bytes
  const float* lhs_scales;
  size_t block_stride;  // from row to row of these
  bool first;           // there are no sums yet: they start at 0, whatever memory holds
  const float* sums;    // [rows][16 * panels], aligned to 64 bytes
  float* out;           // where the new sums go: `sums`, or other memory of any alignment
  size_t out_stride;    // in floats, from row to row of it
  const void* ahead;    // memory to ask for meanwhile, a cache line for each 64 bytes of a panel
  size_t ahead_bytes;
  // As many rows of floats to measure meanwhile, if the kernel's table line says that it does; then
  // `rows` is a multiple of 16, and blocks are equal, of a multiple of 64. Or null.
  const float* next = nullptr;
  size_t next_stride = 0;
  int32_t (*found)[kBlockColumns] = nullptr;  // as RowQuantization has it, from row to row likewise
};
using ExpandedMicrokernelFn = void (*)(const ExpandedTile& tile);

#ifdef OCTAVO_X86
void expand_blocks_x86_avx512vnni(const PanelExpansion& panel);
#endif

#define OCTAVO_EXPANDED_MICROKERNEL(isa, name, expand, lhs, panels, rows, measures) \
  void name(const ExpandedTile& tile);
#include "block_gemm/expanded_microkernels.inc"
#undef OCTAVO_EXPANDED_MICROKERNEL

}  // namespace octavo

#endif  // OCTAVO_SRC_BLOCK_GEMM_EXPANDED_TILE_H_
