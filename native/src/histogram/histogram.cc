#include "histogram/histogram.h"

#include <algorithm>
#include <vector>

#include "threading/parallel_ranges.h"
#include "vector/select_tier.h"

namespace octavo {
namespace {

constexpr Tier<HistogramKernels> kTiers[] = {
#define OCTAVO_HISTOGRAM_TIER(isa, tier) {isa, &histogram_##tier},
    OCTAVO_TIERS(OCTAVO_HISTOGRAM_TIER)
#undef OCTAVO_HISTOGRAM_TIER
};

// A range of elements for each thread, none smaller than `least`.
struct Shares {
  Shares(size_t count, size_t least)
      : each(std::max(least, div_up(count, usable_threads()))), tasks(div_up(count, each)) {}
  size_t each;
  size_t tasks;
};

size_t sum(const uint32_t* slots) {
  size_t total = 0;
  for (size_t k = 0; k < kSlotsBeside; ++k) total += slots[k];
  return total;
}

}  // namespace

bool extent(const float* in, size_t count, float* low, float* high, IsaSet available) {
  const ExtentFn run = select_tier(kTiers, available).extent;
  struct Part {
    float low, high;
    bool finite;
  };
  const Shares shares(count, kElementsPerTask);
  std::vector<Part> parts(shares.tasks);
  parallel_ranges(count, shares.each, [&](size_t first, size_t size) {
    Part& part = parts[first / shares.each];
    part = {in[first], in[first], false};
    part.finite = run(in + first, size, &part.low, &part.high);
  });
  *low = in[0];
  *high = in[0];
  bool finite = true;
  for (const Part& part : parts) {
    *low = std::min(*low, part.low);
    *high = std::max(*high, part.high);
    finite = finite && part.finite;
  }
  return finite;
}

BinTotals count_bins(const float* in, size_t count, const BinGrid& grid, int32_t* counts,
                     IsaSet available) {
  const CountBinsFn run = select_tier(kTiers, available).count_bins;
  const size_t slots = table_slots(grid.bins);
  // Counting must outweigh adding up the tables.
  const Shares shares(count, std::max(kElementsPerTask, 4 * slots));
  std::vector<uint32_t> tables(2 * slots * shares.tasks);
  parallel_ranges(count, shares.each, [&](size_t first, size_t size) {
    uint32_t* even = tables.data() + first / shares.each * 2 * slots;
    run(in + first, size, grid, even, even + slots);
  });
  std::fill_n(counts, grid.bins, 0);
  BinTotals totals{};
  for (size_t table = 0; table < tables.size(); table += slots) {
    const uint32_t* found = tables.data() + table;
    for (size_t bin = 0; bin < grid.bins; ++bin) counts[bin] += static_cast<int32_t>(found[bin]);
    totals.zeros += sum(found + grid.bins);
    totals.beyond += sum(found + grid.bins + kSlotsBeside);
  }
  return totals;
}

}  // namespace octavo
