#include "gemm/gemm.h"

#include "gemm/gemm_part.h"
#include "threading/failure.h"
#include "threading/parallel_for.h"

namespace octavo {

void gemm(const GemmProblem& problem, IsaSet available) {
  const PackedRhs& rhs = *problem.rhs;
  if (problem.m == 0 || rhs.n == 0) return;
  const GemmPlan plan(problem, available);
  const uint32_t threads = usable_threads();
  const GemmTasks tasks(problem.m, plan.block_rows(), rhs.n, rhs.layout.nr, rhs.k, threads);
  const size_t bytes = plan.bytes(tasks.rows());
  Failure failure;
  parallel_for(tasks.count(), tasks.parallel() ? threads : 1, [&](size_t task) {
    uint8_t* memory = failure.scratch_bytes(bytes);
    if (memory != nullptr) plan.run(tasks.part(task), memory);
  });
  failure.rethrow();
}

}  // namespace octavo
