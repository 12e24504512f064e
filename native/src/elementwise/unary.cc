#include "elementwise/unary.h"

#include "threading/parallel_ranges.h"
#include "vector/select_tier.h"

namespace octavo {
namespace {

constexpr Tier<UnaryKernels> kTiers[] = {
#define OCTAVO_UNARY_TIER(isa, tier) {isa, &unary_##tier},
    OCTAVO_TIERS(OCTAVO_UNARY_TIER)
#undef OCTAVO_UNARY_TIER
};

}  // namespace

void unary(UnaryOp op, const float* in, float* out, size_t count, const UnaryParameters& parameters,
           IsaSet available) {
  const UnaryFn run = select_tier(kTiers, available).run[static_cast<size_t>(op)];
  parallel_ranges(count, kElementsPerTask, [&](size_t first, size_t size) {
    run(in + first, out + first, size, parameters);
  });
}

}  // namespace octavo
