// Block-quantized weights in the layout of block_gemm/block_tile.h, the same on every CPU.
#ifndef OCTAVO_SRC_BLOCK_GEMM_PACK_BLOCKS_H_
#define OCTAVO_SRC_BLOCK_GEMM_PACK_BLOCKS_H_

#include "base/aligned_buffer.h"
#include "base/math.h"
#include "block_gemm/block_tile.h"
#include "octavo/octavo.h"

namespace octavo {

// Values of k in a row of 64 bytes.
constexpr size_t block_row_depth(uint32_t bits) { return 4 * (8 / bits); }

struct PackedBlocks {
  BlockShape shape;
  size_t k;
  size_t n;
  size_t block_size;   // a multiple of 16
  size_t panel_bytes;  // of 16 columns
  AlignedBuffer<uint8_t> panels;

  const uint8_t* panel(size_t column) const {
    return panels.data() + column / kBlockColumns * panel_bytes;
  }
  // k, up to whole rows of 64 bytes.
  size_t padded_k() const {
    return ((shape.blocks - 1) * shape.block_rows + shape.last_rows) * block_row_depth(shape.bits);
  }
  uint32_t middle() const { return 1u << (shape.bits - 1); }
};

// Arguments have been checked, k and n are not 0. Throws std::bad_alloc.
PackedBlocks pack_blocks(const octavo_block_weights& weights);

// The size of blocks that a block size stands for, and how many there are.
constexpr size_t effective_block_size(const octavo_block_weights& weights) {
  constexpr size_t kUnit = 16;
  if (weights.block_size < weights.k) return weights.block_size;
  return div_up(weights.k, kUnit) * kUnit;
}

}  // namespace octavo

#endif  // OCTAVO_SRC_BLOCK_GEMM_PACK_BLOCKS_H_
