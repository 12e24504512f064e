#include "quantize/select_quantize.h"

#include "quantize/streamed_output.h"
#include "vector/select_tier.h"

namespace octavo {
namespace {

constexpr Tier<QuantizeTier> kTiers[] = {
#define OCTAVO_QUANTIZE_TIER(isa, tier) {isa, &quantize_##tier},
    OCTAVO_WIDE_TIERS(OCTAVO_QUANTIZE_TIER)
#undef OCTAVO_QUANTIZE_TIER
};

}  // namespace

const QuantizeKernels& select_quantize(IsaSet available, size_t bytes) {
  const QuantizeTier& tier = select_tier(kTiers, available);
  return exceeds_caches(bytes) ? tier.from_memory : tier.from_cache;
}

}  // namespace octavo
