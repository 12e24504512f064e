// The loops over billions of calibration activations, tier by tier. (histogram/histogram.h chooses.)
//
// This header is included by files compiled with instruction-set flags: it defines no functions.
#ifndef OCTAVO_SRC_HISTOGRAM_HISTOGRAM_KERNELS_H_
#define OCTAVO_SRC_HISTOGRAM_HISTOGRAM_KERNELS_H_

#include <stddef.h>
#include <stdint.h>

#include "vector/tiers.h"

namespace octavo {

// Widens *low and *high to hold every element; false where one is NaN or infinite.
using ExtentFn = bool (*)(const float* in, size_t count, float* low, float* high);

// Bin i holds the elements in [first + i, first + i + 1) / per_width, a power of two.
struct BinGrid {
  float per_width;
  int32_t first;
  uint32_t bins;
};

// Zeros and elements beyond the bins have slots of their own behind them, several each, so that
// runs of them do not wait for one counter.
constexpr size_t kSlotsBeside = 8;
constexpr size_t table_slots(size_t bins) { return bins + 2 * kSlotsBeside; }

// Adds the elements to two tables of table_slots(bins), alternately: neighbours often share a bin.
// Slots: the bins, kSlotsBeside of zeros, kSlotsBeside of elements beyond the bins or NaN.
using CountBinsFn = void (*)(const float* in, size_t count, const BinGrid&, uint32_t* even,
                             uint32_t* odd);

struct HistogramKernels {
  ExtentFn extent;
  CountBinsFn count_bins;
};

#define OCTAVO_HISTOGRAM_TIER(isa, tier) extern const HistogramKernels histogram_##tier;
OCTAVO_TIERS(OCTAVO_HISTOGRAM_TIER)
#undef OCTAVO_HISTOGRAM_TIER

}  // namespace octavo

#endif  // OCTAVO_SRC_HISTOGRAM_HISTOGRAM_KERNELS_H_
