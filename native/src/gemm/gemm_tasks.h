// How a product is cut into independent tasks.
#ifndef OCTAVO_SRC_GEMM_GEMM_TASKS_H_
#define OCTAVO_SRC_GEMM_GEMM_TASKS_H_

#include <cstddef>
#include <cstdint>

namespace octavo {

// Multiply-adds that outweigh the start of a thread.
inline constexpr size_t kParallelWork = size_t{1} << 18;
inline constexpr size_t kTasksPerThread = 4;

struct GemmPart {
  size_t first_row, rows;
  size_t first_column, columns;
};

// Blocks of rows by groups of column panels: enough of them for the threads to end together, and no
// more than their work is worth.
class GemmTasks {
 public:
  // `block_rows` bounds the rows of a task, `nr` is the columns of a panel.
  GemmTasks(size_t m, size_t block_rows, size_t n, size_t nr, size_t k, uint32_t threads);

  size_t count() const { return row_tasks_ * column_tasks_; }
  // Whether they are worth more than one thread.
  bool parallel() const { return parallel_; }
  size_t rows() const { return row_step_; }  // of the largest task
  GemmPart part(size_t task) const;

 private:
  size_t m_, n_;
  size_t row_step_, column_step_;
  size_t row_tasks_, column_tasks_;
  bool parallel_;
};

}  // namespace octavo

#endif  // OCTAVO_SRC_GEMM_GEMM_TASKS_H_
