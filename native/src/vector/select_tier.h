// Which tier of a family of kernels runs, as a function of the hardware.
#ifndef OCTAVO_SRC_VECTOR_SELECT_TIER_H_
#define OCTAVO_SRC_VECTOR_SELECT_TIER_H_

#include <cstddef>

#include "cpu/isa.h"
#include "vector/tiers.h"

namespace octavo {

template <typename Kernels>
struct Tier {
  IsaSet isa;
  const Kernels* kernels;
};

// The last line of the table requires nothing, so there always is one.
template <typename Kernels, size_t kCount>
const Kernels& select_tier(const Tier<Kernels> (&tiers)[kCount], IsaSet available) {
  size_t i = 0;
  while (!available.contains(tiers[i].isa)) ++i;
  return *tiers[i].kernels;
}

struct NamedTier {
  const char* name;
  IsaSet isa;
};

// Every tier of this build, for tests and benchmarks.
inline constexpr NamedTier kNamedTiers[] = {
#define OCTAVO_NAMED_TIER(isa, tier) {#tier, isa},
    OCTAVO_WIDE_TIERS(OCTAVO_NAMED_TIER)
#undef OCTAVO_NAMED_TIER
};

}  // namespace octavo

#endif  // OCTAVO_SRC_VECTOR_SELECT_TIER_H_
