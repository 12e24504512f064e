// How a product is cut into independent tasks.
#ifndef OCTAVO_SRC_FLOAT_GEMM_TASK_GRID_H_
#define OCTAVO_SRC_FLOAT_GEMM_TASK_GRID_H_

#include <cstddef>
#include <cstdint>

namespace octavo {

struct Range {
  size_t first;
  size_t last;
};

// Rows [0, m) in blocks of nearly equal height, at most `most` rows each: for a last block of a few
// rows, all weights would pass by. Blocks begin at multiples of `unit`, which divides `most`.
class RowBlocks {
 public:
  RowBlocks(size_t m, size_t most, size_t unit);

  size_t rows() const { return m_; }
  size_t count() const { return count_; }
  Range at(size_t block) const;

 private:
  size_t begin(size_t block) const { return block * units_ / count_ * unit_; }

  size_t m_, unit_, units_, count_;
};

// Blocks of rows by groups of column panels of nearly equal width: enough of them for the threads
// to end together, as many for each where the columns allow, and no more than their work is worth.
class TaskGrid {
 public:
  static constexpr size_t kTasksPerThread = 4;
  // Float multiply-adds that outweigh the start of a thread: half as many as of bytes.
  static constexpr size_t kParallelWork = size_t{1} << 17;

  TaskGrid(const RowBlocks& rows, size_t n, size_t nr, size_t k, uint32_t threads);

  size_t tasks() const { return rows_.count() * column_tasks_; }
  // Whether each task has all columns, so that no other has its rows.
  bool tasks_have_all_columns() const { return column_tasks_ == 1; }
  // As parallel_for takes them.
  uint32_t threads() const { return threads_; }
  Range rows(size_t task) const { return rows_.at(task / column_tasks_); }
  Range columns(size_t task) const;

 private:
  size_t column_begin(size_t column_task) const {
    return column_task * panels_ / column_tasks_ * nr_;
  }

  RowBlocks rows_;
  size_t n_, nr_, panels_, column_tasks_;
  uint32_t threads_;
};

}  // namespace octavo

#endif  // OCTAVO_SRC_FLOAT_GEMM_TASK_GRID_H_
