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

struct Weights {
  size_t seen;  // scores, from the first, that weigh anything
  float total;  // 0 where nothing does, NaN of scores that are no numbers or infinite
};

// Replaces the first `seen` scores x by e^(scale * x + mask - the largest of these); what follows
// is left undefined.
using WeighFn = Weights (*)(const ScoreRow& row);

// Divides `count` numbers by `total`.
using DivideFn = void (*)(float* numbers, size_t count, float total);

struct WeighKernels {
  WeighFn weigh;
  DivideFn divide;
};

#define OCTAVO_WEIGH_TIER(isa, tier) extern const WeighKernels weigh_##tier;
OCTAVO_WIDE_TIERS(OCTAVO_WEIGH_TIER)
#undef OCTAVO_WEIGH_TIER

}  // namespace octavo

#endif  // OCTAVO_SRC_ATTENTION_WEIGH_KERNELS_H_
