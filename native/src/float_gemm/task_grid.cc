#include "float_gemm/task_grid.h"

#include <algorithm>

#include "base/math.h"
#include "threading/parallel_for.h"

namespace octavo {
namespace {

// Each costs some divisions: of many parts, a few more or less change little.
constexpr size_t kPartsToTry = 16;

// Parts of the panels such that the threads, each with one of `rows` blocks times one of these
// parts at a time, end soonest: of 9 equal tasks, one of two threads would do 5. The fewest of
// such.
size_t even_parts(size_t panels, size_t rows, size_t threads) {
  const size_t enough = div_up(threads * TaskGrid::kTasksPerThread, rows);
  const size_t most = std::min({2 * enough, enough + kPartsToTry, panels});
  size_t best = std::min(enough, panels), least = static_cast<size_t>(-1);
  for (size_t parts = best; parts <= most; ++parts) {
    const size_t longest = div_up(panels, parts) * div_up(parts * rows, threads);
    if (longest >= least) continue;
    least = longest;
    best = parts;
  }
  return best;
}

}  // namespace

RowBlocks::RowBlocks(size_t m, size_t most, size_t unit)
    : m_(m), unit_(unit), units_(div_up(m, unit)), count_(div_up(m, most)) {}

Range RowBlocks::at(size_t block) const { return {begin(block), std::min(m_, begin(block + 1))}; }

TaskGrid::TaskGrid(const RowBlocks& rows, size_t n, size_t nr, size_t k, uint32_t threads)
    : rows_(rows), n_(n), nr_(nr), panels_(div_up(n, nr)), column_tasks_(1), threads_(1) {
  if (CheckedSize(rows.rows()).times(n).times(k).value() < kParallelWork) return;
  threads_ = usable_threads(threads);
  if (threads_ <= 1) return;
  column_tasks_ = even_parts(panels_, rows.count(), threads_);
}

Range TaskGrid::columns(size_t task) const {
  const size_t column_task = task % column_tasks_;
  return {column_begin(column_task), std::min(n_, column_begin(column_task + 1))};
}

}  // namespace octavo
