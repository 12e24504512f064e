/// Ranges and histograms of floats: what calibration asks of activations.
#ifndef OCTAVO_HISTOGRAM_H_
#define OCTAVO_HISTOGRAM_H_

#include "octavo/base.h"

#ifdef __cplusplus
extern "C" {
#endif

/// The smallest and largest of `count` floats, at least one; both are NaN where one of the floats
/// is NaN or infinite.
octavo_status octavo_extent(const float* in, size_t count, float* low, float* high);

/// Counts floats, fewer than 2^31, in `bins` bins that are 2^exponent wide: bin i holds those in
/// [first + i, first + i + 1) * 2^exponent, except zeros, which are counted apart. `exponent` is
/// from -126 to 126, `bins` at most 65536, and `first` from -2^24 to 2^24. Refuses floats
/// outside the bins; `out` is then undefined.
octavo_status octavo_count_bins(const float* in, size_t count, int32_t exponent, int32_t first,
                                size_t bins, int32_t* out, size_t* zeros);

#ifdef __cplusplus
} /* extern "C" */
#endif

#endif /* OCTAVO_HISTOGRAM_H_ */
