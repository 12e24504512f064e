#include "float_gemm/task_grid.h"

#include <algorithm>

#include "base/math.h"
#include "octavo/threads.h"

namespace octavo {
namespace {

constexpr size_t kTasksPerThread = 4;
// Multiply-adds that outweigh the start of a thread.
constexpr size_t kParallelWork = size_t{1} << 17;

// Parts of nearly equal size, multiples of `unit`.
size_t step_of(size_t size, size_t unit, size_t parts) {
  return div_up(div_up(size, unit), parts) * unit;
}

}  // namespace

TaskGrid::TaskGrid(size_t m, size_t block_rows, size_t n, size_t nr, size_t k, uint32_t threads)
    : m_(m), n_(n), row_step_(m), column_step_(n), row_tasks_(1), column_tasks_(1) {
  const size_t used = threads == 0 ? octavo_threads() : threads;
  const bool small = CheckedSize(m).times(n).times(k).value() < kParallelWork;
  if (used <= 1 || small) return;
  row_tasks_ = div_up(m, block_rows);
  const size_t wanted = div_up(used * kTasksPerThread, row_tasks_);
  column_tasks_ = std::min(wanted, div_up(n, nr));
  row_step_ = block_rows;
  column_step_ = step_of(n, nr, column_tasks_);
  column_tasks_ = div_up(n, column_step_);
}

Range TaskGrid::rows(size_t task) const {
  const size_t first = task / column_tasks_ * row_step_;
  return {first, std::min(m_, first + row_step_)};
}

Range TaskGrid::columns(size_t task) const {
  const size_t first = task % column_tasks_ * column_step_;
  return {first, std::min(n_, first + column_step_)};
}

}  // namespace octavo
