#include "float_gemm/select_float.h"

namespace octavo {
namespace {

constexpr FloatMicrokernel kTable[] = {
#define OCTAVO_FLOAT_MICROKERNEL(isa, name, weights, mr, nr, lanes) \
  {#name, isa, weights, mr, nr, lanes, name},
#include "float_gemm/float_microkernels.inc"
#undef OCTAVO_FLOAT_MICROKERNEL
};

}  // namespace

std::span<const FloatMicrokernel> float_microkernels() { return kTable; }

const FloatMicrokernel& select_float_microkernel(octavo_type weights, IsaSet available) {
  const FloatMicrokernel* candidate = kTable;
  while (candidate->weights != weights || !available.contains(candidate->isa)) ++candidate;
  return *candidate;
}

}  // namespace octavo
