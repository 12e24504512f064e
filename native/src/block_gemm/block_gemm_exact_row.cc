#include <algorithm>

#include "base/aligned_memory.h"
#include "block_gemm/block_gemm.h"
#include "block_gemm/finish_rows.h"
#include "float_gemm/row_block.h"
#include "float_gemm/task_grid.h"
#include "threading/parallel_for.h"

namespace octavo {

void block_gemm_exact_row(const octavo_block_matmul_args& args, const PackedBlocks& rhs,
                          ExactRowFn multiply) {
  const TaskGrid grid(float_row_blocks(args.m), rhs.n, kBlockColumns, rhs.k, args.threads);
  parallel_for(grid.tasks(), grid.threads(), [&](size_t task) {
    const Range columns = grid.columns(task);
    alignas(kCacheLine) float sums[kBlockColumns];
    for (size_t column = columns.first; column < columns.last; column += kBlockColumns) {
      multiply({rhs.shape, rhs.panel(column), args.lhs, rhs.k, sums});
      finish_row(args, 0, column, sums, std::min(kBlockColumns, columns.last - column));
    }
  });
}

}  // namespace octavo
