#include "block_gemm/select_block.h"

#include <initializer_list>

#include "vector/select_tier.h"

namespace octavo {
namespace {

constexpr BlockMicrokernel kTable[] = {
#define OCTAVO_BLOCK_MICROKERNEL(isa, name, bits, mr, lhs) {#name, isa, bits, mr, lhs, name},
#include "block_gemm/block_microkernels.inc"
#undef OCTAVO_BLOCK_MICROKERNEL
};

// Lists, since they are empty on some architectures, and an array must not be.
constexpr std::initializer_list<ExactMicrokernel> kExactTable = {
#define OCTAVO_EXACT_MICROKERNEL(isa, name, mr, most_rows) {#name, isa, mr, most_rows, name},
#include "block_gemm/exact_microkernels.inc"
#undef OCTAVO_EXACT_MICROKERNEL
};

constexpr std::initializer_list<ExpandedMicrokernel> kExpandedTable = {
#define OCTAVO_EXPANDED_MICROKERNEL(isa, name, expand, lhs, panels, rows, measures) \
  {#name, isa, expand, lhs, panels, rows, measures, name},
#include "block_gemm/expanded_microkernels.inc"
#undef OCTAVO_EXPANDED_MICROKERNEL
};

constexpr Tier<BlockKernels> kTiers[] = {
#define OCTAVO_BLOCK_TIER(isa, tier) {isa, &block_kernels_##tier},
    OCTAVO_TIERS(OCTAVO_BLOCK_TIER)
#undef OCTAVO_BLOCK_TIER
};

constexpr bool table_is_sound() {
  for (const BlockMicrokernel& kernel : kTable) {
    if (kernel.mr == 0 || kernel.mr > kMaxBlockTileRows) return false;
  }
  for (const ExactMicrokernel& kernel : kExactTable) {
    if (kernel.mr == 0 || kernel.mr > kMaxExactTileRows) return false;
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

std::span<const ExpandedMicrokernel> expanded_microkernels() {
  return {kExpandedTable.begin(), kExpandedTable.size()};
}

const ExpandedMicrokernel* select_expanded_microkernel(const BlockShape& shape, size_t m,
                                                       IsaSet available) {
  if (shape.bits == 8 && shape.has_zero_points) return nullptr;
  for (const ExpandedMicrokernel& kernel : kExpandedTable) {
    if (m >= kernel.rows && available.contains(kernel.isa)) return &kernel;
  }
  return nullptr;
}

const BlockKernels& select_block_kernels(IsaSet available) {
  return select_tier(kTiers, available);
}

std::span<const ExactMicrokernel> exact_microkernels() {
  return {kExactTable.begin(), kExactTable.size()};
}

const ExactMicrokernel* select_exact_microkernel(size_t m, IsaSet available) {
  for (const ExactMicrokernel& kernel : kExactTable) {
    if (m <= kernel.most_rows && available.contains(kernel.isa)) return &kernel;
  }
  return nullptr;
}

QuantizeBlocksFn select_row_quantizer(IsaSet available) {
#ifdef OCTAVO_X86
  if (available.contains(isa::avx512)) return quantize_blocks_x86_avx512;
#endif
  return select_block_kernels(available).quantize;
}

}  // namespace octavo
