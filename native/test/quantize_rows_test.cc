// Rows with parameters of their own: their ranges are found while other rows are quantized.
#include <cmath>
#include <limits>
#include <vector>

#include "every_tier.h"
#include "quantize/quantize.h"
#include "samples.h"

namespace octavo {
namespace {

constexpr size_t kRows = 10;

// docs/numerics.md: a range that includes 0, NaN skipped.
QuantizationParameters expected_parameters(const float* row, size_t columns) {
  float low = 0, high = 0;
  for (size_t i = 0; i < columns; ++i) {
    if (row[i] < low) low = row[i];
    if (row[i] > high) high = row[i];
  }
  const float scale = (high - low) / 255.0f;
  if (scale == 0.0f) return {1.0f, 0};
  const float zero_point = std::nearbyint(-low / scale);
  if (!(zero_point > 0)) return {scale, 0};
  return {scale, static_cast<int32_t>(std::fmin(zero_point, 255.0f))};
}

uint8_t expected_byte(float x, const QuantizationParameters& by) {
  if (std::isnan(x)) return 0;
  const float rounded = std::nearbyint(x / by.scale);
  if (std::isnan(rounded)) return 0;
  const float sum = rounded + static_cast<float>(by.zero_point);
  return static_cast<uint8_t>(std::fmin(std::fmax(sum, 0.0f), 255.0f));
}

void expect_exact(const float* x, size_t columns, IsaSet isa) {
  std::vector<uint8_t> y(kRows * columns + 1, 0xAB);
  std::vector<float> scales(kRows);
  std::vector<int32_t> zero_points(kRows);
  quantize_rows(x, kRows, columns, y.data(), scales.data(), zero_points.data(), isa);
  for (size_t row = 0; row < kRows; ++row) {
    const QuantizationParameters by = expected_parameters(x + row * columns, columns);
    ASSERT_EQ(scales[row], by.scale) << row << " of " << columns;
    ASSERT_EQ(zero_points[row], by.zero_point) << row << " of " << columns;
    for (size_t i = 0; i < columns; ++i) {
      const float value = x[row * columns + i];
      ASSERT_EQ(y[row * columns + i], expected_byte(value, by)) << value << " at " << i;
    }
  }
  ASSERT_EQ(y.back(), 0xAB);
}

std::vector<float> values(size_t count, int32_t low, int32_t high, test::Samples& samples) {
  std::vector<float> x(count);
  for (float& value : x) value = static_cast<float>(samples.integer(low, high)) / 77.0f;
  return x;
}

TEST(QuantizeRows, IsExactForEveryLengthAndPlace) {
  test::Samples samples(92);
  const int32_t limits[][2] = {{-3000, 3000}, {5, 900}, {-900, -5}, {0, 0}};
  for (const auto& limit : limits) {
    const std::vector<float> x = values(kRows * 300 + 16, limit[0], limit[1], samples);
    test::on_every_tier([&](IsaSet isa) {
      for (size_t columns = 1; columns <= 300; columns += columns < 140 ? 1 : 23) {
        expect_exact(x.data() + columns % 16, columns, isa);
        if (testing::Test::HasFatalFailure()) return;
      }
    });
  }
}

// Fewer of these are read ahead.
TEST(QuantizeRows, IsExactForLongRows) {
  test::Samples samples(94);
  for (const size_t columns : {768, 1000, 1600, 5000}) {
    const std::vector<float> x = values(kRows * columns, -900, 800, samples);
    test::on_every_tier([&](IsaSet isa) { expect_exact(x.data(), columns, isa); });
  }
}

// One value of each row at every place: the lowest, the highest, no number, or none of these.
TEST(QuantizeRows, FindsAndSkipsValuesWhereverTheyAre) {
  const float inserted[] = {-50.0f, 70.0f, NAN, -NAN, -0.0f, 0x1p-140f, 3e38f, -3e38f, INFINITY,
                            -INFINITY};
  test::Samples samples(93);
  for (const float value : inserted) {
    for (const size_t columns : {1, 17, 64, 130, 200}) {
      const std::vector<float> x = values(kRows * columns, -900, 800, samples);
      test::on_every_tier([&](IsaSet isa) {
        for (size_t at = 0; at < columns; at += columns < 140 ? 1 : 7) {
          std::vector<float> with = x;
          for (size_t row = 0; row < kRows; row += 2) with[row * columns + at] = value;
          expect_exact(with.data(), columns, isa);
          if (testing::Test::HasFatalFailure()) return;
        }
      });
    }
  }
}

// Both ends of the range, where rounding goes beyond 255, and numbers around ties.
TEST(QuantizeRows, SaturatesAndRoundsTiesToEven) {
  test::on_every_tier([](IsaSet isa) {
    for (const float extent : {127.5f, 255.0f, 1.0f, 0.3f, 1e-3f, 1e-36f, 1e30f}) {
      const size_t columns = 515;
      std::vector<float> x;
      for (size_t i = 0; i < kRows * columns; ++i) {
        const float tie = extent * (static_cast<float>(i % columns) / 256.0f - 1);
        x.push_back(std::nextafter(tie, i / columns % 2 == 0 ? 0.0f : 2 * extent));
      }
      expect_exact(x.data(), columns, isa);
      if (testing::Test::HasFatalFailure()) return;
    }
  });
}

}  // namespace
}  // namespace octavo
