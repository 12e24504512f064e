#include "elementwise/unary.h"

#include <cfloat>
#include <cmath>
#include <limits>
#include <vector>

#include "every_tier.h"
#include "samples.h"

namespace octavo {
namespace {

constexpr double kAlpha = 0.75, kBeta = 0.25;

double softplus64(double x) { return std::fmax(x, 0) + std::log1p(std::exp(-std::fabs(x))); }

// Each op in float64, and the error allowed: `ulps` of the result, and `absolute` where digits
// cancel in the definition itself.
struct Expectation {
  UnaryOp op;
  double (*value)(double x);
  double ulps;
  double absolute;
  double ulps_per_unit = 0;  // rounding an exponent costs digits in proportion to it
};

constexpr double kTiny = 1e-37;  // reciprocals and sigmoids may lose subnormal results

const Expectation kExpectations[] = {
    {UnaryOp::abs, [](double x) { return std::fabs(x); }, 0, 0},
    {UnaryOp::neg, [](double x) { return -x; }, 0, 0},
    {UnaryOp::sign, [](double x) { return x > 0   ? 1.0
                                          : x < 0 ? -1.0
                                                  : x * 0; }, 0, 0},
    {UnaryOp::reciprocal, [](double x) { return 1 / x; }, 0.51, 0},
    {UnaryOp::sqrt, [](double x) { return std::sqrt(x); }, 0.51, 0},
    {UnaryOp::square, [](double x) { return x * x; }, 0.51, 0},
    {UnaryOp::exp, [](double x) { return std::exp(x); }, 2, 0},
    {UnaryOp::log, [](double x) { return std::log(x); }, 2, 0},
    {UnaryOp::sigmoid, [](double x) { return 1 / (1 + std::exp(-x)); }, 4, kTiny},
    {UnaryOp::tanh, [](double x) { return std::tanh(x); }, 3, 0},
    {UnaryOp::erf, [](double x) { return std::erf(x); }, 4, 0},
    {UnaryOp::relu, [](double x) { return x > 0 ? x : x * 0; }, 0, 0},
    {UnaryOp::clip, [](double x) { return x < kAlpha ? kAlpha
                                          : x > 2    ? 2.0
                                                     : x; }, 0, 0},
    {UnaryOp::leaky_relu, [](double x) { return x < 0 ? kAlpha * x : x; }, 0.51, 0},
    {UnaryOp::thresholded_relu, [](double x) { return x > kAlpha ? x : x * 0; }, 0, 0},
    {UnaryOp::elu, [](double x) { return x < 0 ? kAlpha * std::expm1(x) : x; }, 2, 2e-7},
    {UnaryOp::selu, [](double x) { return kBeta * (x < 0 ? kAlpha * std::expm1(x) : x); }, 2, 2e-7},
    {UnaryOp::hard_sigmoid, [](double x) { return std::fmin(1, std::fmax(0, kAlpha * x + kBeta)); },
     2, 1e-7},
    {UnaryOp::hard_swish, [](double x) { return x * std::fmin(1, std::fmax(0, x / 6 + 0.5)); }, 2,
     1e-6},
    {UnaryOp::swish, [](double x) { return x / (1 + std::exp(-kAlpha * x)); }, 6, 1e-35, 1},
    {UnaryOp::softplus, softplus64, 2, 2e-7},
    {UnaryOp::softsign, [](double x) { return x / (1 + std::fabs(x)); }, 2, 0},
    {UnaryOp::gelu, [](double x) { return x / 2 * (1 + std::erf(x * std::sqrt(0.5))); }, 3, 1e-6},
    {UnaryOp::gelu_tanh,
     [](double x) {
       return x / 2 * (1 + std::tanh(std::sqrt(2 / M_PI) * (x + 0.044715 * x * x * x)));
     },
     4, 1e-6},
    {UnaryOp::mish, [](double x) { return x * std::tanh(softplus64(x)); }, 6, 1e-6},
    {UnaryOp::affine, [](double x) { return kAlpha * x + kBeta; }, 1, 1e-7},
};

std::vector<float> arguments() {
  test::Samples samples(71);
  std::vector<float> values = {0.0f, 1.0f, -1.0f, 0.625f, -0.625f, 0.99999994f, 1e-30f, -1e-30f};
  for (float limit : {0.01f, 1.0f, 5.0f, 20.0f, 110.0f}) {
    for (int i = 0; i < 2000; ++i) {
      values.push_back(limit * static_cast<float>(samples.integer(-1000000, 1000000)) * 1e-6f);
    }
  }
  return values;
}

UnaryParameters parameters_of(UnaryOp op) {
  return {static_cast<float>(kAlpha), op == UnaryOp::clip ? 2.0f : static_cast<float>(kBeta)};
}

double ulp(double y) { return std::ldexp(1.0, std::max(std::ilogb(y), -126) - 23); }

void expect_within(const Expectation& expected, float x, float found) {
  const double y = expected.value(x);
  if (std::isnan(y)) {
    ASSERT_TRUE(std::isnan(found)) << x;
  } else if (std::isinf(y) || std::fabs(y) > FLT_MAX) {
    ASSERT_TRUE(std::isinf(found) && std::signbit(y) == std::signbit(found)) << x;
  } else {
    const double ulps = expected.ulps + expected.ulps_per_unit * std::fabs(x);
    const double allowed = expected.absolute * (1 + std::fabs(x)) + (y == 0 ? 0 : ulps * ulp(y));
    ASSERT_LE(std::fabs(found - y), allowed)
        << "op " << static_cast<int>(expected.op) << " at " << x << ": " << found << ", not " << y;
  }
}

TEST(Unary, EveryOpStaysWithinItsBound) {
  const std::vector<float> x = arguments();
  ASSERT_EQ(std::size(kExpectations), static_cast<size_t>(UnaryOp::count));
  test::on_every_tier([&](IsaSet isa) {
    for (const Expectation& expected : kExpectations) {
      std::vector<float> y(x.size());
      unary(expected.op, x.data(), y.data(), x.size(), parameters_of(expected.op), isa);
      for (size_t i = 0; i < x.size(); ++i) expect_within(expected, x[i], y[i]);
      if (testing::Test::HasFatalFailure()) return;
    }
  });
}

TEST(Unary, NotANumberStaysNotANumber) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  test::on_every_tier([&](IsaSet isa) {
    for (size_t op = 0; op < static_cast<size_t>(UnaryOp::count); ++op) {
      if (static_cast<UnaryOp>(op) == UnaryOp::thresholded_relu) continue;
      float y = 0;
      unary(static_cast<UnaryOp>(op), &nan, &y, 1, {0.5f, 2.0f}, isa);
      EXPECT_TRUE(std::isnan(y)) << "op " << op;
    }
  });
}

TEST(Unary, InfinitiesGiveTheLimits) {
  const float infinity = std::numeric_limits<float>::infinity();
  const auto at = [](UnaryOp op, float x, IsaSet isa) {
    float y = 0;
    unary(op, &x, &y, 1, {}, isa);
    return y;
  };
  test::on_every_tier([&](IsaSet isa) {
    EXPECT_EQ(at(UnaryOp::exp, infinity, isa), infinity);
    EXPECT_EQ(at(UnaryOp::exp, -infinity, isa), 0.0f);
    EXPECT_EQ(at(UnaryOp::log, infinity, isa), infinity);
    EXPECT_EQ(at(UnaryOp::tanh, -infinity, isa), -1.0f);
    EXPECT_EQ(at(UnaryOp::erf, infinity, isa), 1.0f);
    EXPECT_EQ(at(UnaryOp::sigmoid, -infinity, isa), 0.0f);
    EXPECT_EQ(at(UnaryOp::sigmoid, infinity, isa), 1.0f);
    EXPECT_EQ(at(UnaryOp::softplus, infinity, isa), infinity);
  });
}

TEST(Unary, WritesExactlyItsElementsForEveryLength) {
  test::on_every_tier([](IsaSet isa) {
    for (size_t count = 0; count <= 67; ++count) {
      std::vector<float> x(count, -3.0f), y(count + 1, 7.0f);
      unary(UnaryOp::abs, x.data(), y.data(), count, {}, isa);
      for (size_t i = 0; i < count; ++i) ASSERT_EQ(y[i], 3.0f);
      ASSERT_EQ(y[count], 7.0f);
    }
  });
}

}  // namespace
}  // namespace octavo
