#include "float_gemm/task_grid.h"

#include <algorithm>

#include "base/math.h"
#include "threading/parallel_for.h"

namespace octavo {
namespace {

constexpr size_t kTasksPerThread = 4;
// Float multiply-adds that outweigh the start of a thread: half as many as of bytes.
constexpr size_t kParallelFloatWork = size_t{1} << 17;

// Parts of nearly equal size, multiples of `unit`.
size_t step_of(size_t size, size_t unit, size_t parts) {
  return div_up(div_up(size, unit), parts) * unit;
}

}  // namespace

RowBlocks::RowBlocks(size_t m, size_t most, size_t unit)
    : m_(m), unit_(unit), units_(div_up(m, unit)), count_(div_up(m, most)) {}

Range RowBlocks::at(size_t block) const { return {begin(block), std::min(m_, begin(block + 1))}; }

TaskGrid::TaskGrid(const RowBlocks& rows, size_t n, size_t nr, size_t k, uint32_t threads)
    : rows_(rows), n_(n), column_step_(n), column_tasks_(1), threads_(1) {
  if (CheckedSize(rows.rows()).times(n).times(k).value() < kParallelFloatWork) return;
  threads_ = threads == 0 ? usable_threads() : threads;
  if (threads_ <= 1) return;
  const size_t wanted = div_up(threads_ * kTasksPerThread, rows.count());
  column_step_ = step_of(n, nr, std::min(wanted, div_up(n, nr)));
  column_tasks_ = div_up(n, column_step_);
}

Range TaskGrid::columns(size_t task) const {
  const size_t first = task % column_tasks_ * column_step_;
  return {first, std::min(n_, first + column_step_)};
}

}  // namespace octavo
