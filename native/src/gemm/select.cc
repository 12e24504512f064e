#include "gemm/select.h"

namespace octavo {
namespace {

constexpr Microkernel kTable[] = {
#define OCTAVO_MICROKERNEL(isa, name, lhs, mr, nr, granule, kr, by_lines, paired, quantizing, \
                           release)                                                          \
  {#name, isa, lhs, mr, {nr, granule, kr}, name, by_lines, paired, quantizing, release},
#include "gemm/microkernels.inc"
#undef OCTAVO_MICROKERNEL
};

constexpr bool table_is_sound() {
  for (const Microkernel& kernel : kTable) {
    if (kernel.mr == 0 || kernel.mr > kMaxTileRows) return false;
    if (kernel.layout.nr > kMaxPanelColumns || kernel.layout.nr % kernel.layout.granule != 0) {
      return false;
    }
  }
  return kTable[sizeof(kTable) / sizeof(kTable[0]) - 1].isa.empty();
}
static_assert(table_is_sound(), "a tile exceeds the driver's, or no kernel runs everywhere");

}  // namespace

MicrokernelTable microkernels() { return {kTable, kTable + sizeof(kTable) / sizeof(kTable[0])}; }

const Microkernel& select_microkernel(IsaSet available) {
  const Microkernel* candidate = kTable;
  while (!available.contains(candidate->isa)) ++candidate;
  return *candidate;
}

const Microkernel* select_microkernel_for(const PackedLayout& layout, IsaSet available) {
  for (const Microkernel& kernel : kTable) {
    if (kernel.layout == layout && available.contains(kernel.isa)) return &kernel;
  }
  return nullptr;
}

}  // namespace octavo
