// Which block microkernel runs, as a function of the hardware and of the bits of the weights.
#ifndef OCTAVO_SRC_BLOCK_GEMM_SELECT_BLOCK_H_
#define OCTAVO_SRC_BLOCK_GEMM_SELECT_BLOCK_H_

#include <span>

#include "block_gemm/block_kernels.h"
#include "block_gemm/block_tile.h"
#include "block_gemm/exact_tile.h"
#include "block_gemm/expanded_tile.h"
#include "cpu/isa.h"
#include "octavo/base.h"

namespace octavo {

// One line of block_microkernels.inc.
struct BlockMicrokernel {
  const char* name;
  IsaSet isa;
  uint32_t bits;
  size_t mr;
  octavo_type lhs;
  BlockMicrokernelFn run;
};

// One line of expanded_microkernels.inc.
struct ExpandedMicrokernel {
  const char* name;
  IsaSet isa;
  ExpandPanelFn expand;
  octavo_type lhs;
  size_t panels;
  size_t rows;
  bool measures;
  ExpandedMicrokernelFn run;
};

// One line of exact_microkernels.inc.
struct ExactMicrokernel {
  const char* name;
  IsaSet isa;
  size_t mr;
  size_t most_rows;
  ExactMicrokernelFn run;
};

// Every kernel compiled in, best first.
std::span<const ExactMicrokernel> exact_microkernels();
std::span<const ExpandedMicrokernel> expanded_microkernels();
std::span<const BlockMicrokernel> block_microkernels();

// Some line of each width requires nothing, so there always is one.
const BlockMicrokernel& select_block_microkernel(uint32_t bits, IsaSet available = active_isa());

// Null where none takes such weights or pays for m rows.
const ExpandedMicrokernel* select_expanded_microkernel(const BlockShape& shape, size_t m,
                                                       IsaSet available = active_isa());

const BlockKernels& select_block_kernels(IsaSet available = active_isa());

// Null where none pays for m rows.
const ExactMicrokernel* select_exact_microkernel(size_t m, IsaSet available = active_isa());

QuantizeBlocksFn select_row_quantizer(IsaSet available = active_isa());

}  // namespace octavo

#endif  // OCTAVO_SRC_BLOCK_GEMM_SELECT_BLOCK_H_
