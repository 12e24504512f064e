// Ranges and histograms of floats, on all threads: what calibration asks of activations.
#ifndef OCTAVO_SRC_HISTOGRAM_HISTOGRAM_H_
#define OCTAVO_SRC_HISTOGRAM_HISTOGRAM_H_

#include <cstddef>
#include <cstdint>

#include "cpu/isa.h"
#include "histogram/histogram_kernels.h"

namespace octavo {

// The smallest and largest of at least one float; false where one is NaN or infinite.
bool extent(const float* in, size_t count, float* low, float* high,
            IsaSet available = active_isa());

struct BinTotals {
  size_t zeros;
  // Elements outside the bins, or NaN.
  size_t beyond;
};

// Writes how many of fewer than 2^31 elements fall into each bin, zeros left out.
BinTotals count_bins(const float* in, size_t count, const BinGrid& grid, int32_t* counts,
                     IsaSet available = active_isa());

}  // namespace octavo

#endif  // OCTAVO_SRC_HISTOGRAM_HISTOGRAM_H_
