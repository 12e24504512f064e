// Which float microkernel runs, as a function of the hardware and of the format of the weights.
#ifndef OCTAVO_SRC_FLOAT_GEMM_SELECT_FLOAT_H_
#define OCTAVO_SRC_FLOAT_GEMM_SELECT_FLOAT_H_

#include <span>

#include "cpu/isa.h"
#include "float_gemm/float_tile.h"
#include "octavo/octavo.h"

namespace octavo {

// One line of float_microkernels.inc.
struct FloatMicrokernel {
  const char* name;
  IsaSet isa;
  octavo_type weights;
  size_t mr;
  size_t nr;
  size_t lanes;
  FloatMicrokernelFn run;
};

// Every kernel compiled in, best first.
std::span<const FloatMicrokernel> float_microkernels();

// The kernel that weights of a format should be packed for; some line of each format requires
// nothing, so there always is one.
const FloatMicrokernel& select_float_microkernel(octavo_type weights,
                                                 IsaSet available = active_isa());

// The kernel that multiplies by what `kernel` leaves of 16-bit weights; null for other weights.
const FloatMicrokernel* widened_microkernel(const FloatMicrokernel& kernel);

}  // namespace octavo

#endif  // OCTAVO_SRC_FLOAT_GEMM_SELECT_FLOAT_H_
