// How a product is cut into independent tasks, and what becomes of a task without memory.
#ifndef OCTAVO_SRC_FLOAT_GEMM_TASK_GRID_H_
#define OCTAVO_SRC_FLOAT_GEMM_TASK_GRID_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <new>

#include "base/thread_scratch.h"

namespace octavo {

struct Range {
  size_t first;
  size_t last;
};

// Blocks of rows by groups of column panels: enough of them for the threads to end together, and no
// more than their work is worth.
class TaskGrid {
 public:
  TaskGrid(size_t m, size_t block_rows, size_t n, size_t nr, size_t k, uint32_t threads);

  size_t tasks() const { return row_tasks_ * column_tasks_; }
  Range rows(size_t task) const;
  Range columns(size_t task) const;

 private:
  size_t m_, n_;
  size_t row_step_, column_step_;
  size_t row_tasks_, column_tasks_;
};

// Tasks must not throw: the first that finds no memory says so here, and the caller throws.
class Failure {
 public:
  float* scratch(size_t floats) noexcept {
    float* memory = reinterpret_cast<float*>(thread_scratch((floats + 1) * sizeof(float)));
    if (memory == nullptr) failed_.store(true, std::memory_order_relaxed);
    return memory;
  }
  void rethrow() const {
    if (failed_.load(std::memory_order_relaxed)) throw std::bad_alloc();
  }

 private:
  std::atomic<bool> failed_{false};
};

}  // namespace octavo

#endif  // OCTAVO_SRC_FLOAT_GEMM_TASK_GRID_H_
