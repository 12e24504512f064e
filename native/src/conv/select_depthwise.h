// Which depthwise kernel runs, as a function of the hardware.
#ifndef OCTAVO_SRC_CONV_SELECT_DEPTHWISE_H_
#define OCTAVO_SRC_CONV_SELECT_DEPTHWISE_H_

#include "conv/depthwise_kernel.h"
#include "cpu/isa.h"

namespace octavo {

// One line of depthwise_kernels.inc.
struct DepthwiseKernel {
  const char* name;
  IsaSet isa;
  DepthwiseFn run;
};

struct DepthwiseTable {
  const DepthwiseKernel* begin_;
  const DepthwiseKernel* end_;
  const DepthwiseKernel* begin() const { return begin_; }
  const DepthwiseKernel* end() const { return end_; }
};

DepthwiseTable depthwise_kernels();

// The last line of the table requires nothing, so there always is one.
const DepthwiseKernel& select_depthwise(IsaSet available = active_isa());

}  // namespace octavo

#endif  // OCTAVO_SRC_CONV_SELECT_DEPTHWISE_H_
