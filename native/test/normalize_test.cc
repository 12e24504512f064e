#include "normalize/normalize.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "every_tier.h"
#include "normalize/reduce.h"
#include "samples.h"

namespace octavo {
namespace {

constexpr double kEpsilon = 0x1p-24;  // half an ULP of 1

std::vector<float> values(size_t count, double offset, test::Samples& samples) {
  std::vector<float> result(count);
  for (float& x : result) {
    x = static_cast<float>(offset + samples.integer(-100000, 100000) / 9000.0);
  }
  return result;
}

TEST(Softmax, StaysWithinAFewRoundingsOfFloat64) {
  test::Samples samples(111);
  for (size_t columns : {1, 2, 3, 4, 5, 7, 8, 9, 31, 33, 100, 1000, 5000}) {
    const size_t rows = columns < 10 ? 21 : 3;
    const std::vector<float> x = values(rows * columns, 50, samples);
    test::on_every_tier([&](IsaSet isa) {
      std::vector<float> y(x.size()), z(x.size());
      softmax(x.data(), rows, columns, y.data(), isa);
      log_softmax(x.data(), rows, columns, z.data(), isa);
      for (size_t row = 0; row < rows; ++row) {
        const float* line = &x[row * columns];
        const double top = *std::max_element(line, line + columns);
        double total = 0;
        for (size_t i = 0; i < columns; ++i) total += std::exp(line[i] - top);
        for (size_t i = 0; i < columns; ++i) {
          const double distance = line[i] - top, expected = std::exp(distance) / total;
          ASSERT_NEAR(y[row * columns + i], expected, (16 - distance) * 2 * kEpsilon * expected);
          ASSERT_NEAR(z[row * columns + i], distance - std::log(total),
                      8 * kEpsilon * (4 - distance + std::log(total)));
        }
      }
    });
    if (HasFatalFailure()) return;
  }
}

TEST(Softmax, StaysFiniteForTheLargestInputs) {
  test::on_every_tier([](IsaSet isa) {
    float x[] = {3e38f, -3e38f, 3e38f};
    softmax(x, 1, 3, x, isa);
    EXPECT_EQ(x[0], 0.5f);
    EXPECT_EQ(x[1], 0.0f);
  });
}

struct Moments {
  double mean, variance, mean_square;
};

Moments moments(const float* x, size_t count) {
  Moments result{0, 0, 0};
  for (size_t i = 0; i < count; ++i) result.mean += x[i] / static_cast<double>(count);
  for (size_t i = 0; i < count; ++i) {
    result.variance += std::pow(x[i] - result.mean, 2) / static_cast<double>(count);
    result.mean_square += x[i] * static_cast<double>(x[i]) / static_cast<double>(count);
  }
  return result;
}

// Offsets far beyond the spread: a variance from E[x^2] - E[x]^2 and a mean in one float would fail
// here. The squares of the largest numbers are infinite as floats.
TEST(LayerNorm, StaysCloseToFloat64EvenFarFromZero) {
  test::Samples samples(112);
  for (size_t columns : {1, 5, 8, 63, 384, 1000}) {
    for (double offset : {0.0, 600.0, 1e6}) {
      for (float factor : {1.0f, 1e30f}) {
        const size_t rows = 4;
        std::vector<float> x = values(rows * columns, offset, samples);
        for (float& each : x) each *= factor;
        const std::vector<float> scale = values(columns, 0, samples),
                                 bias = values(columns, 0, samples);
        test::on_every_tier([&](IsaSet isa) {
          std::vector<float> y(x.size()), z(x.size());
          layer_norm({x.data(), rows, columns, scale.data(), bias.data(), 1e-5f, y.data()}, isa);
          rms_norm({x.data(), rows, columns, scale.data(), nullptr, 1e-5f, z.data()}, isa);
          for (size_t i = 0; i < x.size(); ++i) {
            const size_t column = i % columns;
            const Moments m = moments(&x[i - column], columns);
            const double distance = (x[i] - m.mean) / std::sqrt(m.variance + 1e-5f);
            const double size = std::fabs(scale[column]) * (4 + std::fabs(distance));
            ASSERT_NEAR(y[i], distance * scale[column] + bias[column],
                        8 * kEpsilon * (size + std::fabs(bias[column])))
                << columns << " columns, " << offset << " * " << factor;
            const double rms = x[i] / std::sqrt(m.mean_square + 1e-5f) * scale[column];
            ASSERT_NEAR(z[i], rms, 16 * kEpsilon * std::fabs(rms) + 1e-7);
          }
        });
        if (HasFatalFailure()) return;
      }
    }
  }
}

// Their sum is infinite as a float, and shrunk with their squares nothing is left of epsilon.
TEST(LayerNorm, IsTheBiasForEqualNumbersOfAnySize) {
  for (size_t columns : {1, 2, 4, 5, 768, 1000}) {
    for (float number : {2e38f, 1.7e38f, -3e38f, std::numeric_limits<float>::max()}) {
      const std::vector<float> x(columns, number), scale(columns, 2.0f), bias(columns, 0.5f);
      test::on_every_tier([&](IsaSet isa) {
        std::vector<float> y(columns), in_place = x;
        layer_norm({x.data(), 1, columns, scale.data(), bias.data(), 1e-5f, y.data()}, isa);
        layer_norm({in_place.data(), 1, columns, scale.data(), bias.data(), 1e-5f, in_place.data()},
                   isa);
        for (size_t i = 0; i < columns; ++i) {
          ASSERT_EQ(y[i], 0.5f) << columns << " times " << number;
          ASSERT_EQ(in_place[i], 0.5f) << columns << " times " << number;
        }
      });
      if (HasFatalFailure()) return;
    }
  }
}

TEST(InstanceNorm, NormalizesEachChannelOfEachImage) {
  test::Samples samples(113);
  const size_t batch = 2, channels = 3, columns = 35;
  const std::vector<float> x = values(batch * channels * columns, 2, samples);
  const float scale[] = {1.5f, -2.0f, 0.5f}, bias[] = {0.25f, 3.0f, -1.0f};
  test::on_every_tier([&](IsaSet isa) {
    std::vector<float> y(x.size());
    instance_norm(x.data(), batch, channels, columns, scale, bias, 1e-3f, y.data(), isa);
    for (size_t i = 0; i < x.size(); ++i) {
      const size_t row = i / columns;
      const Moments m = moments(&x[row * columns], columns);
      const double expected =
          (x[i] - m.mean) / std::sqrt(m.variance + 1e-3f) * scale[row % 3] + bias[row % 3];
      ASSERT_NEAR(y[i], expected, 2e-6 * (4 + std::fabs(expected)));
    }
  });
}

double reduced(Reduction reduction, const std::vector<double>& line) {
  double sum = 0, absolute = 0, square = 0;
  for (double x : line) {
    sum += x;
    absolute += std::fabs(x);
    square += x * x;
  }
  switch (reduction) {
    case Reduction::sum:
      return sum;
    case Reduction::mean:
      return sum / static_cast<double>(line.size());
    case Reduction::max:
      return *std::max_element(line.begin(), line.end());
    case Reduction::min:
      return *std::min_element(line.begin(), line.end());
    case Reduction::l1:
      return absolute;
    case Reduction::l2:
      return std::sqrt(square);
    default:
      return square;
  }
}

constexpr Reduction kReductions[] = {Reduction::sum,       Reduction::mean, Reduction::max,
                                     Reduction::min,       Reduction::l1,   Reduction::l2,
                                     Reduction::sum_square};

TEST(Reduce, StaysWithinTheRoundingOfItsSums) {
  test::Samples samples(114);
  const ReductionShape shapes[] = {{5, 33, 1}, {1, 1000, 1},  {3, 7, 5},   {2, 9, 600},
                                   {4, 1, 17}, {1, 300, 513}, {70, 70, 1}, {0, 4, 3}};
  for (const ReductionShape& shape : shapes) {
    const std::vector<float> x = values(shape.outer * shape.size * shape.inner, 0, samples);
    for (Reduction reduction : kReductions) {
      test::on_every_tier([&](IsaSet isa) {
        std::vector<float> y(shape.outer * shape.inner);
        reduce(reduction, x.data(), shape, y.data(), isa);
        for (size_t i = 0; i < y.size(); ++i) {
          std::vector<double> line;
          double size = 0;
          for (size_t k = 0; k < shape.size; ++k) {
            line.push_back(x[(i / shape.inner * shape.size + k) * shape.inner + i % shape.inner]);
            size += reduction == Reduction::sum_square ? line.back() * line.back()
                                                       : std::fabs(line.back());
          }
          const bool exact = reduction == Reduction::max || reduction == Reduction::min;
          const double bound = exact ? 0 : 2 * kEpsilon * static_cast<double>(shape.size) * size;
          ASSERT_NEAR(y[i], reduced(reduction, line), bound) << static_cast<int>(reduction);
        }
      });
      if (HasFatalFailure()) return;
    }
  }
}

TEST(Reduce, ExtremesPassNotANumberOn) {
  test::on_every_tier([](IsaSet isa) {
    for (size_t at = 0; at < 45; ++at) {
      std::vector<float> x(45, 1.0f);
      x[at] = std::numeric_limits<float>::quiet_NaN();
      float y[2];
      reduce(Reduction::max, x.data(), {1, 45, 1}, y, isa);
      reduce(Reduction::min, x.data(), {1, 45, 1}, y + 1, isa);
      ASSERT_TRUE(std::isnan(y[0]) && std::isnan(y[1])) << at;
    }
  });
}

TEST(ArgExtreme, ChoosesAmongEqualsAsAsked) {
  const float x[] = {1, 5, 5, 0, 0, 3};
  int64_t y[3];
  arg_extreme(x, {1, 6, 1}, true, false, y);
  EXPECT_EQ(y[0], 1);
  arg_extreme(x, {1, 6, 1}, true, true, y);
  EXPECT_EQ(y[0], 2);
  arg_extreme(x, {1, 6, 1}, false, false, y);
  EXPECT_EQ(y[0], 3);
  arg_extreme(x, {1, 2, 3}, true, false, y);
  EXPECT_EQ(std::vector<int64_t>(y, y + 3), (std::vector<int64_t>{0, 0, 0}));
  arg_extreme(x, {1, 2, 3}, false, true, y);
  EXPECT_EQ(std::vector<int64_t>(y, y + 3), (std::vector<int64_t>{1, 1, 1}));
}

}  // namespace
}  // namespace octavo
