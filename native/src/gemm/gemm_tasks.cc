#include "gemm/gemm_tasks.h"

#include <algorithm>

#include "base/math.h"

namespace octavo {
namespace {

// Fewer columns or rows in a task do not pay for what it does before it multiplies. Rows are cut
// first: each task makes its own copy of its rows, which may have to be gathered.
constexpr size_t kGoodRows = 128;
constexpr size_t kMinColumns = 64;
constexpr size_t kMinRows = 32;

// The size of parts of nearly equal size, a multiple of `unit`.
size_t step_of(size_t size, size_t unit, size_t parts) {
  return div_up(div_up(size, unit), std::max<size_t>(1, parts)) * unit;
}

}  // namespace

GemmTasks::GemmTasks(size_t m, size_t block_rows, size_t n, size_t nr, size_t k, uint32_t threads)
    : m_(m),
      n_(n),
      row_tasks_(div_up(m, block_rows)),
      column_tasks_(1),
      parallel_(threads > 1 && CheckedSize(m).times(n).times(k).value() >= kParallelWork) {
  if (parallel_) {
    const size_t wanted = threads * kTasksPerThread;
    row_tasks_ = std::clamp(wanted, row_tasks_, std::max(row_tasks_, m / kGoodRows));
    const size_t most_columns = std::max<size_t>(1, n / std::max(nr, kMinColumns));
    column_tasks_ = std::min(div_up(wanted, row_tasks_), most_columns);
    row_tasks_ =
        std::clamp(div_up(wanted, column_tasks_), row_tasks_, std::max(row_tasks_, m / kMinRows));
  }
  row_step_ = std::min(block_rows, step_of(m, 1, row_tasks_));
  column_step_ = step_of(n, nr, column_tasks_);
  row_tasks_ = div_up(m, row_step_);
  column_tasks_ = div_up(n, column_step_);
}

// Tasks that follow each other read the same columns.
GemmPart GemmTasks::part(size_t task) const {
  const size_t row = task % row_tasks_ * row_step_, column = task / row_tasks_ * column_step_;
  return {row, std::min(row_step_, m_ - row), column, std::min(column_step_, n_ - column)};
}

}  // namespace octavo
