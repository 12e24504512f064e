#include "elementwise/binary.h"

#include <cmath>
#include <limits>
#include <vector>

#include "broadcast_oracle.h"
#include "every_tier.h"
#include "samples.h"

namespace octavo {
namespace {

using test::count_of;
using test::result_shape;
using test::Shape;
using test::source_index;

float value(BinaryOp op, float a, float b) {
  switch (op) {
    case BinaryOp::add:
      return a + b;
    case BinaryOp::sub:
      return a - b;
    case BinaryOp::mul:
      return a * b;
    case BinaryOp::div:
      return a / b;
    case BinaryOp::min:
      return std::fmin(a, b);
    case BinaryOp::max:
      return std::fmax(a, b);
    default:
      return a < 0 ? a * b : a;
  }
}

void expect_exact(const Shape& a_shape, const Shape& b_shape, test::Samples& samples) {
  const Shape out_shape = result_shape(a_shape, b_shape);
  const auto values = [&](size_t count) {
    std::vector<float> result(count);
    for (float& x : result) x = static_cast<float>(samples.integer(-4000, 4000)) / 64.0f;
    return result;
  };
  const std::vector<float> a = values(count_of(a_shape)), b = values(count_of(b_shape));
  const auto shape = broadcast(a_shape, b_shape);
  ASSERT_TRUE(shape);
  test::on_every_tier([&](IsaSet isa) {
    for (size_t op = 0; op < static_cast<size_t>(BinaryOp::count); ++op) {
      std::vector<float> out(count_of(out_shape) + 1, -77.0f);
      binary(static_cast<BinaryOp>(op), a.data(), b.data(), out.data(), *shape, isa);
      for (size_t i = 0; i + 1 < out.size(); ++i) {
        const float expected =
            value(static_cast<BinaryOp>(op), a[source_index(a_shape, out_shape, i)],
                  b[source_index(b_shape, out_shape, i)]);
        ASSERT_TRUE(out[i] == expected || (std::isnan(out[i]) && std::isnan(expected)))
            << "op " << op << " element " << i << ": " << out[i] << ", not " << expected;
      }
      ASSERT_EQ(out.back(), -77.0f);
    }
  });
}

TEST(Binary, IsExactForEveryBroadcast) {
  test::Samples samples(72);
  const Shape shapes[][2] = {{{}, {}},
                             {{5}, {}},
                             {{}, {37}},
                             {{37}, {37}},
                             {{1}, {9}},
                             {{4, 33}, {33}},
                             {{4, 33}, {4, 1}},
                             {{3, 1, 17}, {2, 1}},
                             {{2, 3, 4}, {3, 1}},
                             {{2, 3, 4}, {1, 4}},
                             {{7, 1}, {1, 9}},
                             {{0, 3}, {3}},
                             {{2, 1, 3, 1}, {4, 1, 5}},
                             {{1, 70}, {1, 1}},
                             {{20000}, {1}},
                             {{3, 20000}, {20000}}};
  for (const auto& pair : shapes) {
    expect_exact(pair[0], pair[1], samples);
    if (HasFatalFailure()) return;
  }
}

TEST(Binary, IsExactForRandomShapes) {
  test::Samples samples(73);
  for (int round = 0; round < 60; ++round) {
    Shape a, b;
    for (int32_t i = samples.integer(0, 4); i > 0; --i) {
      const size_t size = static_cast<size_t>(samples.integer(1, 11));
      a.push_back(samples.integer(0, 2) == 0 ? 1 : size);
      b.push_back(samples.integer(0, 2) == 0 ? 1 : size);
    }
    b.erase(b.begin(), b.begin() + samples.integer(0, static_cast<int32_t>(b.size())));
    expect_exact(a, b, samples);
    if (HasFatalFailure()) return;
  }
}

TEST(Binary, MinimumAndMaximumPassNotANumberOn) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const float a[] = {nan, 1.0f}, b[] = {1.0f, nan};
  const Shape pair = {2};
  test::on_every_tier([&](IsaSet isa) {
    for (BinaryOp op : {BinaryOp::min, BinaryOp::max}) {
      float out[2];
      binary(op, a, b, out, *broadcast(pair, pair), isa);
      EXPECT_TRUE(std::isnan(out[0]) && std::isnan(out[1]));
    }
  });
}

TEST(Broadcast, MergesDimensionsThatBothOperandsRunThroughTogether) {
  const Shape image = {2, 3, 4, 5}, bias = {3, 1, 1};
  EXPECT_EQ(broadcast(image, image)->rank, 1u);
  const auto shape = broadcast(image, bias);
  ASSERT_EQ(shape->rank, 3u);
  EXPECT_EQ(shape->columns(), 20u);
  EXPECT_EQ(shape->b_step(), 0u);
}

TEST(Broadcast, IsRefusedWhereSizesDiffer) {
  const Shape a = {3, 2}, b = {3};
  EXPECT_FALSE(broadcast(a, b));
}

}  // namespace
}  // namespace octavo
