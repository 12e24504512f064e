#include "float_gemm/pack_float.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <limits>
#include <vector>

#include "samples.h"

namespace octavo {
namespace {

// One element in eight is subnormal, or a zero that is negative.
std::vector<float> numbers(test::Samples& samples, size_t count) {
  std::vector<float> values(count);
  for (float& value : values) {
    const bool is_small = samples.integer(0, 7) == 0;
    const float sign = samples.integer(0, 1) == 0 ? -1.0f : 1.0f;
    const float tiny = std::numeric_limits<float>::denorm_min();
    value = sign * static_cast<float>(samples.integer(0, 1000)) * (is_small ? tiny : 0.25f);
  }
  return values;
}

uint32_t bits_of(float x) { return std::bit_cast<uint32_t>(x); }

float normal_or_zero(float x) {
  return std::fpclassify(x) == FP_NORMAL ? x : 0.0f;
}

// What a panel holds in a row and a column, as the header of pack_float says.
float packed_at(const PackedFloat& packed, size_t row, size_t column) {
  const FloatMicrokernel& kernel = *packed.kernel;
  const size_t first = column / kernel.nr * kernel.nr;
  const size_t left = packed.n - first;
  const size_t width = left >= kernel.nr || left > kernel.lanes ? kernel.nr : kernel.lanes;
  const float* panels = reinterpret_cast<const float*>(packed.panels.data());
  return panels[first * packed.k + row * width + column - first];
}

void expect_packed(const FloatTaps& weights, const std::vector<float>& values) {
  const PackedFloat packed = pack_float(weights);
  for (size_t column = 0; column < padded_columns(*packed.kernel, weights.n); ++column) {
    for (size_t tap = 0; tap < weights.taps; ++tap) {
      for (size_t channel = 0; channel < weights.channels; ++channel) {
        const size_t at = tap * weights.tap_stride + channel * weights.channel_stride +
                          column * weights.n_stride;
        const float value = column < weights.n ? values[at] : 0.0f;
        const float found = packed_at(packed, tap * weights.channels + channel, column);
        ASSERT_EQ(bits_of(found), bits_of(normal_or_zero(value)))
            << tap << "/" << weights.taps << " " << channel << "/" << weights.channels << " "
            << column << "/" << weights.n;
      }
    }
  }
}

TEST(PackFloat, PutsEveryWeightOfAConvolutionWhereTheLayoutSays) {
  test::Samples samples(1);
  for (size_t taps : {1, 2, 4, 9, 70}) {
    for (size_t channels : {1, 3, 16, 65}) {
      for (size_t n : {1, 3, 4, 7, 16, 17, 66}) {
        const size_t k = taps * channels;
        const std::vector<float> values = numbers(samples, k * n);
        expect_packed({values.data(), OCTAVO_F32, taps, channels, n, 1, taps, k}, values);
      }
    }
  }
}

TEST(PackFloat, PutsEveryWeightOfAMatrixWhereTheLayoutSays) {
  test::Samples samples(2);
  for (size_t k : {1, 4, 63, 64, 66, 131}) {
    for (size_t n : {1, 5, 16, 33, 66}) {
      const std::vector<float> values = numbers(samples, 2 * k * n);
      const void* data = values.data();
      expect_packed({data, OCTAVO_F32, 1, k, n, 0, n, 1}, values);      // rows
      expect_packed({data, OCTAVO_F32, 1, k, n, 0, 1, k}, values);      // columns
      expect_packed({data, OCTAVO_F32, 1, k, n, 0, 1, 2 * k}, values);  // columns apart
      expect_packed({data, OCTAVO_F32, 1, k, n, 0, 2, 2 * k}, values);  // every other element
    }
  }
}

TEST(PackFloat, KeepsSubnormalNumbersWhereAskedTo) {
  test::Samples samples(3);
  const size_t k = 67, n = 21;
  const std::vector<float> values = numbers(samples, k * n);
  octavo_float_weights weights{};
  weights.data = values.data();
  weights.type = OCTAVO_F32;
  weights.k = k;
  weights.n = n;
  weights.k_stride = 1;
  weights.n_stride = k;
  PackedFloat packed = pack_float(weights);
  pack_float_panels_as_they_are(weights, *packed.kernel,
                                reinterpret_cast<float*>(packed.panels.data()));
  for (size_t column = 0; column < n; ++column) {
    for (size_t row = 0; row < k; ++row) {
      ASSERT_EQ(bits_of(packed_at(packed, row, column)), bits_of(values[column * k + row]));
    }
  }
}

}  // namespace
}  // namespace octavo
