#include "float_gemm/select_float.h"

#include "float_gemm/row_block.h"

namespace octavo {
namespace {

constexpr FloatMicrokernel kTable[] = {
#define OCTAVO_FLOAT_MICROKERNEL(isa, name, weights, mr, nr, lanes) \
  {#name, isa, weights, mr, nr, lanes, name},
#include "float_gemm/float_microkernels.inc"
#undef OCTAVO_FLOAT_MICROKERNEL
};

constexpr bool rows_divide_blocks() {
  for (const FloatMicrokernel& kernel : kTable) {
    if (kRowUnit % kernel.mr != 0) return false;
  }
  return kBlockRows % kRowUnit == 0;
}
static_assert(rows_divide_blocks());

}  // namespace

std::span<const FloatMicrokernel> float_microkernels() { return kTable; }

const FloatMicrokernel& select_float_microkernel(octavo_type weights, IsaSet available) {
  const FloatMicrokernel* candidate = kTable;
  while (candidate->weights != weights || !available.contains(candidate->isa)) ++candidate;
  return *candidate;
}

const FloatMicrokernel* widened_microkernel(const FloatMicrokernel& kernel) {
  if (kernel.weights != OCTAVO_F16 && kernel.weights != OCTAVO_BF16) return nullptr;
  const FloatMicrokernel& wide = select_float_microkernel(OCTAVO_F32, kernel.isa);
  const bool same_tiles = wide.nr == kernel.nr && wide.lanes == kernel.lanes;
  return same_tiles && wide.mr >= kernel.mr ? &wide : nullptr;
}

}  // namespace octavo
