// Block-quantized weights in the layout of block_gemm/block_tile.h, the same on every CPU.
#ifndef OCTAVO_SRC_BLOCK_GEMM_PACK_BLOCKS_H_
#define OCTAVO_SRC_BLOCK_GEMM_PACK_BLOCKS_H_

#include <algorithm>

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
  size_t group_panels;  // stored together; those of a last group may be fewer
  size_t group_bytes;
  AlignedBuffer<uint8_t> panels;

  size_t group_columns() const { return group_panels * kBlockColumns; }
  const uint8_t* group(size_t column) const {
    return panels.data() + column / group_columns() * group_bytes;
  }
  size_t panels_of_group(size_t column) const {
    const size_t first = column / group_columns() * group_panels;
    return std::min(group_panels, div_up(n, kBlockColumns) - first);
  }
  // Panels of the group from the column's on.
  size_t panels_from(size_t column) const {
    return panels_of_group(column) - column / kBlockColumns % group_panels;
  }
  // Bytes from a block of the column's panel to the next.
  size_t block_step(size_t column) const {
    return panels_of_group(column) * shape.block_bytes(shape.block_rows);
  }
  // A block of the column's panel.
  const uint8_t* block(size_t column, size_t index) const {
    const size_t rows = index + 1 == shape.blocks ? shape.last_rows : shape.block_rows;
    const size_t panel = column / kBlockColumns % group_panels;
    return group(column) + index * block_step(column) + panel * shape.block_bytes(rows);
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
