// A block of rows times packed columns: the only caller of float microkernels.
#ifndef OCTAVO_SRC_FLOAT_GEMM_ROW_BLOCK_H_
#define OCTAVO_SRC_FLOAT_GEMM_ROW_BLOCK_H_

#include <cstddef>

#include "float_gemm/select_float.h"
#include "float_gemm/task_grid.h"
#include "octavo/octavo.h"

namespace octavo {

// Rows of a block: their left-hand side stays in the second-level cache while columns pass by.
inline constexpr size_t kBlockRows = 120;
// Blocks begin at multiples of it, as tiles of every kernel do.
inline constexpr size_t kRowUnit = 12;
// Depth of a block. So much of a panel and of kBlockRows rows stays in the second-level cache, from
// where both stream as fast as they are multiplied; each further block reads and writes the output.
inline constexpr size_t kBlockDepth = 1024;

// Columns [first, last) of packed weights; `first` is a multiple of nr.
struct PanelRange {
  const FloatMicrokernel* kernel;
  const void* panels;  // of column 0
  size_t k;
  size_t first;
  size_t last;
  float* widened = nullptr;  // widened_floats(), aligned to 64 bytes, or null
};

// Memory in which weights of 16 bits become floats once for all of a block's `rows`; none where
// that does not repay. Only rows of a single run have use for it.
size_t widened_floats(const FloatMicrokernel& kernel, size_t rows);

// `rows` of the block are pointers; each reads `run_count` runs of `depth` elements, together k.
// Outputs, bias and residual are those of the block's first row and of column 0.
struct RowBlock {
  const float* const* rows;
  // Elements from each row to the next; where lines of an image end, any other number but always
  // that one.
  size_t row_stride;
  size_t row_count;
  const size_t* runs;
  size_t run_count;
  size_t depth;
  octavo_float_epilogue epilogue;
  float* out;
  size_t out_stride;
};

void multiply_block(const RowBlock& block, const PanelRange& columns);

inline RowBlocks float_row_blocks(size_t rows) { return {rows, kBlockRows, kRowUnit}; }

}  // namespace octavo

#endif  // OCTAVO_SRC_FLOAT_GEMM_ROW_BLOCK_H_
