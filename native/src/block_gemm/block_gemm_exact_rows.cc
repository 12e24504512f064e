#include <algorithm>

#include "base/aligned_memory.h"
#include "block_gemm/block_gemm.h"
#include "block_gemm/finish_rows.h"
#include "float_gemm/row_block.h"
#include "float_gemm/task_grid.h"
#include "threading/parallel_for.h"

namespace octavo {

void block_gemm_exact_rows(const octavo_block_matmul_args& args, const PackedBlocks& rhs,
                           const ExactMicrokernel& kernel) {
  const TaskGrid grid(float_row_blocks(args.m), rhs.n, kBlockColumns, rhs.k, args.threads);
  parallel_for(grid.tasks(), grid.threads(), [&](size_t task) {
    const Range rows = grid.rows(task), columns = grid.columns(task);
    alignas(kCacheLine) float sums[kMaxExactTileRows * kBlockColumns];
    for (size_t column = columns.first; column < columns.last; column += kBlockColumns) {
      const size_t width = std::min(kBlockColumns, columns.last - column);
      for (size_t row = rows.first; row < rows.last; row += kernel.mr) {
        const size_t count = std::min(kernel.mr, rows.last - row);
        kernel.run({rhs.shape, rhs.k, rhs.panel(column), count, args.lhs + row * args.lhs_stride,
                    args.lhs_stride, sums});
        for (size_t i = 0; i < count; ++i) {
          finish_row(args, row + i, column, sums + i * kBlockColumns, width);
        }
      }
    }
  });
}

}  // namespace octavo
