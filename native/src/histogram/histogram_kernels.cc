#include "histogram/histogram_kernels.h"

#include "vector/vector.h"

namespace octavo {
namespace {

static_assert(kSlotsBeside >= kLanes, "each lane counts in a slot of its own");

constexpr float kLargestFloat = 0x1.fffffep127f;
// Beyond any bin, and far from the ends of int32.
constexpr float kFarBin = 0x1p30f;

OCTAVO_INLINE I32 lane_numbers() {
  I32 lanes{};
  for (size_t k = 0; k < kLanes; ++k) lanes[k] = static_cast<int32_t>(k);
  return lanes;
}

OCTAVO_INLINE I32 choose(I32 mask, I32 yes, I32 no) { return (mask & yes) | (~mask & no); }

struct Extent {
  F32 low, high;
  I32 finite;

  OCTAVO_INLINE void widen(F32 x) {
    low = min(x, low);
    high = max(x, high);
    finite &= abs(x) <= splat(kLargestFloat);
  }
};

bool extent(const float* in, size_t count, float* low, float* high) {
  Extent extents[4];
  for (Extent& each : extents) each = {splat(*low), splat(*high), splat(int32_t{-1})};
  size_t i = 0;
  for (; i + 4 * kLanes <= count; i += 4 * kLanes) {
    for (size_t k = 0; k < 4; ++k) extents[k].widen(load<F32>(in + i + k * kLanes));
  }
  for (; i < count; ++i) extents[0].widen(splat(in[i]));
  for (size_t k = 1; k < 4; ++k) {
    extents[0].low = min(extents[k].low, extents[0].low);
    extents[0].high = max(extents[k].high, extents[0].high);
    extents[0].finite &= extents[k].finite;
  }
  bool finite = true;
  for (size_t k = 0; k < kLanes; ++k) {
    if (extents[0].low[k] < *low) *low = extents[0].low[k];
    if (extents[0].high[k] > *high) *high = extents[0].high[k];
    finite = finite && extents[0].finite[k] != 0;
  }
  return finite;
}

// The slot of each element.
struct Slots {
  F32 per_width;
  I32 first, bins, zero, beyond;

  OCTAVO_INLINE explicit Slots(const BinGrid& grid)
      : per_width(splat(grid.per_width)),
        first(splat(grid.first)),
        bins(splat(static_cast<int32_t>(grid.bins))),
        zero(bins + lane_numbers()),
        beyond(zero + static_cast<int32_t>(kSlotsBeside)) {}

  OCTAVO_INLINE I32 operator()(F32 x) const {
    // Exact but where it underflows; NaN becomes a number far off.
    const F32 y = min(max(x * per_width, splat(-kFarBin)), splat(kFarBin));
    const I32 truncated = __builtin_convertvector(y, I32);
    // Truncation rounds negative numbers up, also one that has underflowed.
    const I32 rounded_up = (to_float(truncated) > y) | ((x < splat(0.0f)) & (truncated == 0));
    const I32 bin = truncated + rounded_up - first;
    const I32 inside = (bin >= 0) & (bin < bins);
    return choose(x == splat(0.0f), zero, choose(inside, bin, beyond));
  }
};

void count_bins(const float* in, size_t count, const BinGrid& grid, uint32_t* even,
                uint32_t* odd) {
  const Slots slots(grid);
  int32_t found[2 * kLanes];
  size_t i = 0;
  for (; i + 2 * kLanes <= count; i += 2 * kLanes) {
    store(found, slots(load<F32>(in + i)));
    store(found + kLanes, slots(load<F32>(in + i + kLanes)));
    for (size_t k = 0; k < 2 * kLanes; k += 2) {
      ++even[found[k]];
      ++odd[found[k + 1]];
    }
  }
  for (; i < count; ++i) ++even[slots(splat(in[i]))[0]];
}

}  // namespace

const HistogramKernels OCTAVO_TIERED(histogram) = {extent, count_bins};

}  // namespace octavo
