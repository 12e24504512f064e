#include "block_gemm/select_block.h"

namespace octavo {
namespace {

constexpr BlockMicrokernel kTable[] = {
#define OCTAVO_BLOCK_MICROKERNEL(isa, name, bits, mr, lhs) {#name, isa, bits, mr, lhs, name},
#include "block_gemm/block_microkernels.inc"
#undef OCTAVO_BLOCK_MICROKERNEL
};

constexpr bool table_is_sound() {
  for (const BlockMicrokernel& kernel : kTable) {
    if (kernel.mr == 0 || kernel.mr > kMaxBlockTileRows) return false;
  }
  return true;
}
static_assert(table_is_sound(), "a tile exceeds the driver's");

}  // namespace

std::span<const BlockMicrokernel> block_microkernels() { return kTable; }

const BlockMicrokernel& select_block_microkernel(uint32_t bits, IsaSet available) {
  const BlockMicrokernel* candidate = kTable;
  while (candidate->bits != bits || !available.contains(candidate->isa)) ++candidate;
  return *candidate;
}

}  // namespace octavo
