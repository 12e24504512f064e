// Runs a check on each tier of the vector kernels that this CPU has.
#ifndef OCTAVO_TEST_EVERY_TIER_H_
#define OCTAVO_TEST_EVERY_TIER_H_

#include <gtest/gtest.h>

#include "vector/select_tier.h"

namespace octavo::test {

template <typename Check>
void on_every_tier(Check&& check) {
  for (const NamedTier& tier : kNamedTiers) {
    if (!active_isa().contains(tier.isa)) continue;
    SCOPED_TRACE(tier.name);
    check(tier.isa);
    if (testing::Test::HasFatalFailure()) return;
  }
}

}  // namespace octavo::test

#endif  // OCTAVO_TEST_EVERY_TIER_H_
