// Random floats, their half-precision bits, and the bounds that float kernels keep.
#ifndef OCTAVO_TEST_FLOAT_SAMPLES_H_
#define OCTAVO_TEST_FLOAT_SAMPLES_H_

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <cstdint>
#include <random>
#include <vector>

#include "base/half.h"
#include "octavo/octavo.h"

namespace octavo::test {

class FloatSamples {
 public:
  explicit FloatSamples(uint32_t seed) : engine_(seed) {}

  // The same on every standard library.
  float uniform(float low, float high) {
    return low + (high - low) * static_cast<float>(engine_() >> 8) * 0x1p-24f;
  }
  size_t size(size_t low, size_t high) { return low + engine_() % (high - low + 1); }

  std::vector<float> floats(size_t count, float low = -1, float high = 1) {
    std::vector<float> values(count);
    for (float& value : values) value = uniform(low, high);
    return values;
  }

  // Bits of finite numbers of the format, of many sizes and both signs.
  std::vector<uint16_t> halves(size_t count, octavo_type type) {
    std::vector<uint16_t> bits(count);
    for (uint16_t& half : bits) {
      const uint32_t random = engine_();
      half =
          static_cast<uint16_t>(type == OCTAVO_F16 ? (random & 0x83FF) | (10u + random % 7) << 10
                                                   : (random & 0x807F) | (120u + random % 9) << 7);
    }
    return bits;
  }

 private:
  std::mt19937 engine_;
};

inline float half_value(uint16_t bits, octavo_type type) {
  return type == OCTAVO_F16 ? half_to_float(bits) : bfloat_to_float(bits);
}

// The two bounds of docs/numerics.md on sums of `terms` terms: `exact` and `size` (the sum of the
// terms' absolute values) are float64.
class SumBounds {
 public:
  explicit SumBounds(size_t terms) : terms_(static_cast<double>(terms)) {}

  void add(float found, double exact, double size) {
    const double error = std::abs(static_cast<double>(found) - exact);
    if (!(error <= 2 * terms_ * 0x1p-24 * size)) ++beyond_;
    errors_ += error * error;
    squares_ += exact * exact;
    ++count_;
  }

  void expect_kept() const {
    EXPECT_EQ(beyond_, 0u);
    // The second bound is about many random numbers; a few may all lose digits to cancellation.
    if (count_ < 500) return;
    EXPECT_LE(std::sqrt(errors_), std::sqrt(terms_) * 0x1p-24 * std::sqrt(squares_));
  }

 private:
  double terms_;
  size_t beyond_ = 0;
  size_t count_ = 0;
  double errors_ = 0;
  double squares_ = 0;
};

// In float64; the parameters of activations are those of the epilogue.
inline double activated(const octavo_float_epilogue& epilogue, double x) {
  const double alpha = epilogue.alpha, beta = epilogue.beta;
  const double hard = std::min(1.0, std::max(0.0, alpha * x + beta));
  switch (epilogue.activation) {
    case OCTAVO_CLIP:
      return std::min(beta, std::max(alpha, x));
    case OCTAVO_LEAKY_RELU:
      return x < 0 ? alpha * x : x;
    case OCTAVO_HARD_SIGMOID:
      return hard;
    case OCTAVO_HARD_SWISH:
      return x * hard;
    default:
      return x;
  }
}

}  // namespace octavo::test

#endif  // OCTAVO_TEST_FLOAT_SAMPLES_H_
