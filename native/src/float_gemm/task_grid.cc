#include "float_gemm/task_grid.h"

#include <algorithm>
#include <numeric>

#include "base/math.h"
#include "threading/parallel_for.h"

namespace octavo {
namespace {

constexpr size_t kTasksPerThread = 4;
// Float multiply-adds that outweigh the start of a thread: half as many as of bytes.
constexpr size_t kParallelFloatWork = size_t{1} << 17;

}  // namespace

RowBlocks::RowBlocks(size_t m, size_t most, size_t unit)
    : m_(m), unit_(unit), units_(div_up(m, unit)), count_(div_up(m, most)) {}

Range RowBlocks::at(size_t block) const { return {begin(block), std::min(m_, begin(block + 1))}; }

TaskGrid::TaskGrid(const RowBlocks& rows, size_t n, size_t nr, size_t k, uint32_t threads)
    : rows_(rows), n_(n), nr_(nr), panels_(div_up(n, nr)), column_tasks_(1), threads_(1) {
  if (CheckedSize(rows.rows()).times(n).times(k).value() < kParallelFloatWork) return;
  threads_ = threads == 0 ? usable_threads() : threads;
  if (threads_ <= 1) return;
  const size_t enough = div_up(threads_ * kTasksPerThread, rows.count());
  // Of 9 equal tasks, one of two threads would do 5.
  const size_t even = threads_ / std::gcd(size_t{threads_}, rows.count());
  column_tasks_ = std::min(div_up(enough, even) * even, panels_);
}

Range TaskGrid::columns(size_t task) const {
  const size_t column_task = task % column_tasks_;
  return {column_begin(column_task), std::min(n_, column_begin(column_task + 1))};
}

}  // namespace octavo
