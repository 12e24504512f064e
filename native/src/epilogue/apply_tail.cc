#include "epilogue/apply_tail.h"

#include "epilogue/epilogue_panel.h"
#include "threading/parallel_ranges.h"
#include "vector/select_tier.h"

namespace octavo {
namespace {

constexpr Tier<EpilogueTailKernels> kTiers[] = {
#define OCTAVO_EPILOGUE_TAIL_TIER(isa, tier) {isa, &epilogue_tail_##tier},
    OCTAVO_TIERS(OCTAVO_EPILOGUE_TAIL_TIER)
#undef OCTAVO_EPILOGUE_TAIL_TIER
};

}  // namespace

void apply_tail(const octavo_epilogue& epilogue, size_t count, void* out, IsaSet available) {
  const EpilogueTailKernels& kernels = select_tier(kTiers, available);
  uint8_t* bytes = static_cast<uint8_t*>(out);
  parallel_ranges(count, kElementsPerTask, [&](size_t first, size_t size) {
    kernels.run(tail_of(epilogue, first), size, bytes + first);
  });
}

}  // namespace octavo
