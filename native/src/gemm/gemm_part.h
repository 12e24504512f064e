// One task of a product: a rectangle of its outputs, by one thread.
#ifndef OCTAVO_SRC_GEMM_GEMM_PART_H_
#define OCTAVO_SRC_GEMM_GEMM_PART_H_

#include "epilogue/epilogue.h"
#include "epilogue/epilogue_panel.h"
#include "gemm/gemm_tasks.h"
#include "gemm/lhs_block.h"

namespace octavo {

// What the tasks of a product share.
class GemmPlan {
 public:
  GemmPlan(const GemmProblem& problem, IsaSet available);

  size_t block_rows() const { return stage_.block_rows(); }
  // Memory that a part of at most `rows` needs.
  size_t bytes(size_t rows) const;
  void run(const GemmPart& part, uint8_t* memory) const;

 private:
  friend class GemmPartRun;

  const GemmProblem& problem_;
  const Microkernel& kernel_;
  const PairedKernel* paired_;  // null where the kernel's own function runs
  EpilogueFn epilogue_;
  QuantizingMicrokernelFn quantizing_;  // in the place of kernel and epilogue, or null
  LhsStage stage_;
};

}  // namespace octavo

#endif  // OCTAVO_SRC_GEMM_GEMM_PART_H_
