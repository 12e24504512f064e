// Scores of one query to weights, tier by tier.
//
// This header is included by files compiled with instruction-set flags: it defines no functions.
#ifndef OCTAVO_SRC_ATTENTION_WEIGH_KERNELS_H_
#define OCTAVO_SRC_ATTENTION_WEIGH_KERNELS_H_

#include <stddef.h>

#include "vector/tiers.h"

namespace octavo {

// Rows of scores have room up to a multiple of so many, which weighing writes.
constexpr size_t kScoreUnit = 16;

// `mask` has one number a score (step 1) or one for all (step 0), or is null.
struct ScoreRow {
  float* scores;
  size_t count;
  float scale;
  const float* mask;
  size_t mask_step;
};

// Replaces scores x by e^(scale * x + mask) over the sum of these, and gives how many of them, from
// the first, weigh anything: a multiple of kScoreUnit or all. What follows is left undefined. None
// do where all are -infinity; all are NaN where one is NaN or +infinity.
using WeighFn = size_t (*)(const ScoreRow& row);

struct WeighKernels {
  WeighFn weigh;
};

#define OCTAVO_WEIGH_TIER(isa, tier) extern const WeighKernels weigh_##tier;
OCTAVO_WIDE_TIERS(OCTAVO_WEIGH_TIER)
#undef OCTAVO_WEIGH_TIER

}  // namespace octavo

#endif  // OCTAVO_SRC_ATTENTION_WEIGH_KERNELS_H_
