#include "gemm/batch_gemm.h"

#include <new>

#include "base/math.h"
#include "epilogue/epilogue_panel.h"
#include "gemm/gemm.h"
#include "gemm/gemm_tasks.h"
#include "gemm/select.h"
#include "threading/failure.h"
#include "threading/parallel_for.h"

namespace octavo {
namespace {

const uint8_t* at(const void* data, size_t offset) {
  return static_cast<const uint8_t*>(data) + offset;
}

// Matrices [first, end). A right one that follows itself is packed once.
void multiply(const BatchGemm& problem, size_t first, size_t end, IsaSet available) {
  const PackedLayout& layout = select_microkernel(available).layout;
  PackedRhs rhs;
  for (size_t i = first; i < end; ++i) {
    if (i == first || problem.rhs_offsets[i] != problem.rhs_offsets[i - 1]) {
      octavo_weights weights = problem.rhs;
      weights.data = at(weights.data, problem.rhs_offsets[i]);
      rhs = pack_rhs(weights, layout);
    }
    const size_t out = problem.out_offsets[i] * output_bytes(problem.epilogue.output);
    gemm({at(problem.lhs, problem.lhs_offsets[i]), problem.lhs_type, problem.m, problem.lhs_stride,
          &problem.lhs_zero_point, 1, &rhs,
          with_residual_from(problem.epilogue, problem.out_offsets[i]),
          static_cast<uint8_t*>(problem.out) + out, problem.out_stride},
         available);
  }
}

}  // namespace

void batch_gemm(const BatchGemm& problem, IsaSet available) {
  const uint32_t threads = usable_threads();
  const CheckedSize work =
      CheckedSize(problem.batch).times(problem.m).times(problem.rhs.n).times(problem.rhs.k);
  // Of a few matrices, each is cut instead.
  if (threads == 1 || problem.batch < threads || work.value() < kParallelWork) {
    return multiply(problem, 0, problem.batch, available);
  }
  const size_t tasks = min_size(threads * kTasksPerThread, problem.batch);
  Failure failure;
  parallel_for(tasks, threads, [&](size_t task) {
    try {
      multiply(problem, task * problem.batch / tasks, (task + 1) * problem.batch / tasks,
               available);
    } catch (const std::bad_alloc&) {
      failure.record();
    }
  });
  failure.rethrow();
}

}  // namespace octavo
