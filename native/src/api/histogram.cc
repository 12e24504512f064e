// The part of the C API about histograms: every argument is checked here, and nowhere below.
#include "histogram/histogram.h"

#include <cmath>
#include <limits>

#include "api/boundary.h"
#include "base/math.h"

namespace octavo {
namespace {

constexpr int32_t kMostExponent = 126;
constexpr size_t kMostBins = 65536;
// Where floats still tell neighbouring bins apart.
constexpr int32_t kFarthestBin = 1 << 24;

BinGrid checked_grid(int32_t exponent, int32_t first, size_t bins) {
  require(exponent >= -kMostExponent && exponent <= kMostExponent, "exponent", "-126 to 126");
  require(bins <= kMostBins, "bins", "at most 65536");
  require(first >= -kFarthestBin && first <= kFarthestBin, "first", "-2^24 to 2^24");
  return {std::ldexp(1.0f, -exponent), first, static_cast<uint32_t>(bins)};
}

}  // namespace
}  // namespace octavo

octavo_status octavo_extent(const float* in, size_t count, float* low, float* high) {
  return octavo::at_boundary([&] {
    octavo::require(in != nullptr && count != 0, "in", "at least one element");
    octavo::require(low != nullptr, "low", "a pointer");
    octavo::require(high != nullptr, "high", "a pointer");
    if (!octavo::extent(in, count, low, high)) {
      *low = *high = std::numeric_limits<float>::quiet_NaN();
    }
  });
}

octavo_status octavo_count_bins(const float* in, size_t count, int32_t exponent, int32_t first,
                                size_t bins, int32_t* out, size_t* zeros) {
  return octavo::at_boundary([&] {
    const octavo::BinGrid grid = octavo::checked_grid(exponent, first, bins);
    octavo::require(count <= INT32_MAX, "count", "fewer than 2^31");
    octavo::require(count == 0 || in != nullptr, "in", "a pointer");
    octavo::require(bins == 0 || out != nullptr, "out", "a pointer");
    octavo::require(zeros != nullptr, "zeros", "a pointer");
    octavo::check_disjoint(out, bins * sizeof(int32_t), in, count * sizeof(float),
                           "memory apart from in");
    const octavo::BinTotals totals = octavo::count_bins(in, count, grid, out);
    octavo::require(totals.beyond == 0, "in", "numbers within the bins");
    *zeros = totals.zeros;
  });
}
