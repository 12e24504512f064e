// Reciprocals to twice the digits of a float.
#ifndef OCTAVO_SRC_QUANTIZE_SPLIT_RECIPROCAL_H_
#define OCTAVO_SRC_QUANTIZE_SPLIT_RECIPROCAL_H_

namespace octavo {
namespace {

// The float that is nearest to 1 / divisor, and the one nearest to what it is off by. (Internal
// linkage: files compiled with instruction-set flags include this too.)
struct SplitReciprocal {
  inline __attribute__((always_inline)) explicit SplitReciprocal(float divisor) {
    const double exact = 1.0 / static_cast<double>(divisor);
    nearest = static_cast<float>(exact);
    rest = static_cast<float>(exact - static_cast<double>(nearest));
  }

  float nearest, rest;
};

}  // namespace
}  // namespace octavo

#endif  // OCTAVO_SRC_QUANTIZE_SPLIT_RECIPROCAL_H_
