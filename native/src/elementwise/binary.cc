#include "elementwise/binary.h"

#include "vector/select_tier.h"

namespace octavo {
namespace {

constexpr Tier<BinaryKernels> kTiers[] = {
#define OCTAVO_BINARY_TIER(isa, tier) {isa, &binary_##tier},
    OCTAVO_TIERS(OCTAVO_BINARY_TIER)
#undef OCTAVO_BINARY_TIER
};

}  // namespace

void binary(BinaryOp op, const float* a, const float* b, float* out, const Broadcast& shape,
            IsaSet available) {
  const BinaryFn run = select_tier(kTiers, available).run[static_cast<size_t>(op)];
  for_each_run(shape, [&](size_t a_first, size_t b_first, size_t out_first, size_t count) {
    run(a + a_first, shape.a_step(), b + b_first, shape.b_step(), out + out_first, count);
  });
}

}  // namespace octavo
