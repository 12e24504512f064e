#include "attention/weigh_kernels.h"

#include "vector/transcendental.h"

namespace octavo {
namespace {

static_assert(kScoreUnit % kLanes == 0);

// Lower weights, or what they are rounded to, may be subnormal.
constexpr float kLeastWeight = 0x1p-125f;

// The first `count` lanes of `x`; the others hide.
OCTAVO_INLINE F32 shown(F32 x, size_t count) {
  float lanes[kLanes];
  for (size_t i = 0; i < kLanes; ++i) lanes[i] = static_cast<float>(i);
  const I32 inside = load<F32>(lanes) < splat(static_cast<float>(count));
  return choose(inside, x, splat(-__builtin_inff()));
}

struct Scaled {
  F32 most;        // of each lane
  I32 no_numbers;  // lanes that had NaN
};

// Leaves scaled and masked scores.
template <typename Mask>
OCTAVO_INLINE Scaled scale_scores(ScoreRow row, Mask mask) {
  const F32 scale = splat(row.scale);
  Scaled result{splat(-__builtin_inff()), splat(0)};
  const auto take = [&](size_t i, F32 x) OCTAVO_LAMBDA_INLINE {
    store(row.scores + i, x);
    result.most = max(result.most, x);
    result.no_numbers |= x != x;
  };
  size_t i = 0;
  for (; i + kLanes <= row.count; i += kLanes) {
    take(i, multiply_add(load<F32>(row.scores + i), scale, mask(i, kLanes)));
  }
  if (const size_t rest = row.count - i; rest != 0) {
    const F32 some = load_some<F32>(row.scores + i, rest);
    take(i, shown(multiply_add(some, scale, mask(i, rest)), rest));
    i += kLanes;
  }
  // What completes a unit hides.
  for (; i % kScoreUnit != 0; i += kLanes) store(row.scores + i, splat(-__builtin_inff()));
  return result;
}

OCTAVO_INLINE Scaled scale_scores(ScoreRow row) {
  if (row.mask == nullptr) {
    return scale_scores(row, [](size_t, size_t) OCTAVO_LAMBDA_INLINE { return splat(0.0f); });
  }
  if (row.mask_step == 0) {
    const F32 mask = splat(*row.mask);
    return scale_scores(row, [&](size_t, size_t) OCTAVO_LAMBDA_INLINE { return mask; });
  }
  return scale_scores(row, [&](size_t i, size_t count) OCTAVO_LAMBDA_INLINE {
    return count == kLanes ? load<F32>(row.mask + i) : load_some<F32>(row.mask + i, count);
  });
}

OCTAVO_INLINE bool weigh_nothing(const float* scores, F32 top) {
  I32 seen = splat(0);
  for (size_t i = 0; i < kScoreUnit; i += kLanes) {
    seen |= load<F32>(scores + i) - top >= splat(kLowestNormalExponent);
  }
  return !any(seen);
}

// Without the scores at the end that weigh nothing: causal masks hide half of all keys.
OCTAVO_INLINE size_t seen_of(const ScoreRow& row, F32 top) {
  size_t count = row.count;
  while (count != 0) {
    const size_t first = (count - 1) / kScoreUnit * kScoreUnit;
    if (!weigh_nothing(row.scores + first, top)) break;
    count = first;
  }
  return count;
}

// Leaves e^(x - top) and gives the sum.
OCTAVO_INLINE float exponentials(float* scores, size_t seen, F32 top) {
  F32 sums[2] = {splat(0.0f), splat(0.0f)};
  const auto take = [&](size_t i, F32& sum) OCTAVO_LAMBDA_INLINE {
    const F32 y = exp_of_negative(load<F32>(scores + i) - top);
    store(scores + i, y);
    sum = sum + y;
  };
  size_t i = 0;
  for (; i + 2 * kLanes <= seen; i += 2 * kLanes) {
    take(i, sums[0]);
    take(i + kLanes, sums[1]);
  }
  for (; i < seen; i += kLanes) take(i, sums[0]);
  return fold_lanes(sums[0] + sums[1],
                    [](F32 a, F32 b) OCTAVO_LAMBDA_INLINE { return a + b; })[0];
}

size_t weigh(const ScoreRow& given) {
  const ScoreRow row = given;  // what is stored may not change it
  if (row.count == 0) return 0;
  const Scaled scaled = scale_scores(row);
  const float most = highest_lane(scaled.most);
  if (any(scaled.no_numbers) || most == __builtin_inff()) {
    for (size_t i = 0; i < row.count; i += kLanes) {
      store(row.scores + i, splat(__builtin_nanf("")));
    }
    return row.count;
  }
  if (most == -__builtin_inff()) return 0;
  const F32 top = splat(most);
  const size_t seen = seen_of(row, top);
  // Weights that add up to 1, but for rounding, multiply values to no more than the largest of
  // these. Subnormal ones, which take a hundred cycles each, are 0.
  const float total = exponentials(row.scores, seen, top);
  const F32 factor = splat(1.0f) / splat(total), least = splat(kLeastWeight * total);
  for (size_t i = 0; i < seen; i += kLanes) {
    const F32 y = load<F32>(row.scores + i);
    store(row.scores + i, where_at_least(y, least, y) * factor);
  }
  return seen;
}

}  // namespace

const WeighKernels OCTAVO_TIERED(weigh) = {weigh};

}  // namespace octavo
