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
  const size_t group = rhs.group_columns();
  const TaskGrid grid(float_row_blocks(args.m), rhs.n, group, rhs.k, args.threads);
  parallel_for(grid.tasks(), grid.threads(), [&](size_t task) {
    const Range rows = grid.rows(task), columns = grid.columns(task);
    alignas(kCacheLine) float sums[kMaxExactTileRows * kMaxGroupColumns];
    alignas(kCacheLine) float partial[kMaxExactSums * kMaxGroupColumns];
    for (size_t column = columns.first; column < columns.last; column += group) {
      const size_t width = std::min(group, columns.last - column);
      for (size_t row = rows.first; row < rows.last; row += kernel.mr) {
        const size_t count = std::min(kernel.mr, rows.last - row);
        kernel.run({rhs.shape, rhs.k, rhs.panels_of_group(column), rhs.group(column), count,
                    args.lhs + row * args.lhs_stride, args.lhs_stride, sums, partial});
        for (size_t i = 0; i < count; ++i) {
          finish_row(args, row + i, column, sums + i * kMaxGroupColumns, width);
        }
      }
    }
  });
}

}  // namespace octavo
