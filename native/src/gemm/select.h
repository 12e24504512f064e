// Which microkernel runs, as a function of the hardware and of how the weights are packed.
#ifndef OCTAVO_SRC_GEMM_SELECT_H_
#define OCTAVO_SRC_GEMM_SELECT_H_

#include <cstddef>

#include "cpu/isa.h"
#include "gemm/microkernel.h"
#include "gemm/paired_kernel.h"
#include "octavo/octavo.h"
#include "pack/packed_layout.h"

namespace octavo {

// One line of microkernels.inc.
struct Microkernel {
  const char* name;
  IsaSet isa;
  octavo_type lhs;
  size_t mr;
  PackedLayout layout;
  MicrokernelFn run;
  bool by_lines;                       // reads a whole cache line of a row at once
  const PairedKernel* paired;          // or null
  QuantizingMicrokernelFn quantizing;  // or null
  ReleaseFn release;                   // or null; what a thread calls after its last tile
};

inline constexpr size_t kMaxTileRows = 32;

struct MicrokernelTable {
  const Microkernel* begin_;
  const Microkernel* end_;
  const Microkernel* begin() const { return begin_; }
  const Microkernel* end() const { return end_; }
};

// Every kernel compiled in, best first.
MicrokernelTable microkernels();

// The kernel that weights should be packed for. The last line of the table requires nothing, so
// there always is one.
const Microkernel& select_microkernel(IsaSet available = active_isa());

// The best kernel for weights already packed; null where none of this hardware reads that layout.
const Microkernel* select_microkernel_for(const PackedLayout& layout,
                                          IsaSet available = active_isa());

}  // namespace octavo

#endif  // OCTAVO_SRC_GEMM_SELECT_H_
