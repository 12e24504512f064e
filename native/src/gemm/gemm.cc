#include "gemm/gemm.h"

#include <atomic>
#include <new>

#include "base/thread_scratch.h"
#include "gemm/gemm_part.h"
#include "threading/parallel_for.h"

namespace octavo {

void gemm(const GemmProblem& problem, IsaSet available) {
  const PackedRhs& rhs = *problem.rhs;
  if (problem.m == 0 || rhs.n == 0) return;
  const GemmPlan plan(problem, available);
  const uint32_t threads = usable_threads();
  const GemmTasks tasks(problem.m, plan.block_rows(), rhs.n, rhs.layout.nr, rhs.k, threads);
  const size_t bytes = plan.bytes(tasks.rows());
  // Tasks must not throw.
  std::atomic<bool> no_memory{false};
  parallel_for(tasks.count(), tasks.parallel() ? threads : 1, [&](size_t task) {
    uint8_t* memory = thread_scratch(bytes);
    if (memory == nullptr) return no_memory.store(true, std::memory_order_relaxed);
    plan.run(tasks.part(task), memory);
  });
  if (no_memory.load(std::memory_order_relaxed)) throw std::bad_alloc();
}

}  // namespace octavo
