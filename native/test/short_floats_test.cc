#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <vector>

#include "base/half.h"
#include "every_tier.h"
#include "quantize/quantize.h"

namespace octavo {
namespace {

TEST(Half, EveryNumberBecomesTheFloatThatItIs) {
  std::vector<uint16_t> halves(65536);
  for (size_t i = 0; i < halves.size(); ++i) halves[i] = static_cast<uint16_t>(i);
  test::on_every_tier([&](IsaSet isa) {
    std::vector<float> x(halves.size());
    half_to_floats(halves.data(), halves.size(), x.data(), isa);
    for (size_t i = 0; i < halves.size(); ++i) {
      const int exponent = static_cast<int>(i >> 10 & 31), digits = static_cast<int>(i & 1023);
      if (exponent == 31 && digits != 0) {
        ASSERT_TRUE(std::isnan(x[i]));
        continue;
      }
      const double magnitude = exponent == 31  ? INFINITY
                               : exponent == 0 ? std::ldexp(digits, -24)
                                               : std::ldexp(1024 + digits, exponent - 25);
      ASSERT_EQ(x[i], static_cast<float>(i >> 15 != 0 ? -magnitude : magnitude)) << i;
    }
    std::vector<uint16_t> again(halves.size());
    floats_to_half(x.data(), x.size(), again.data(), isa);
    for (size_t i = 0; i < halves.size(); ++i) {
      ASSERT_TRUE(std::isnan(x[i]) || again[i] == halves[i]) << i;
    }
  });
}

// Between two neighbours a and b of the 16-bit format: the middle goes to the even one, and a float
// on either side of it to the nearer one.
template <typename ToFloats, typename FromFloats>
void expect_nearest_even(size_t first, size_t last, ToFloats to_floats, FromFloats from_floats) {
  for (size_t i = first; i < last; ++i) {
    const uint16_t neighbours[] = {static_cast<uint16_t>(i), static_cast<uint16_t>(i + 1)};
    float ends[2];
    to_floats(neighbours, 2, ends);
    const float middle = static_cast<float>((static_cast<double>(ends[0]) + ends[1]) / 2);
    const float between[] = {std::nextafter(middle, ends[0]), middle,
                             std::nextafter(middle, ends[1])};
    uint16_t found[3];
    from_floats(between, 3, found);
    ASSERT_EQ(found[0], neighbours[0]);
    ASSERT_EQ(found[1], neighbours[i % 2]);
    ASSERT_EQ(found[2], neighbours[1]);
  }
}

TEST(Half, RoundsToNearestEven) {
  test::on_every_tier([](IsaSet isa) {
    expect_nearest_even(
        0, 0x7BFF, [&](auto... args) { half_to_floats(args..., isa); },
        [&](auto... args) { floats_to_half(args..., isa); });
    const float beyond[] = {65519.996f, 65520.0f, 1e30f, -65520.0f, INFINITY};
    uint16_t found[5];
    floats_to_half(beyond, 5, found, isa);
    const uint16_t expected[] = {0x7BFF, 0x7C00, 0x7C00, 0xFC00, 0x7C00};
    ASSERT_EQ(std::memcmp(found, expected, sizeof(expected)), 0);
  });
}

TEST(Bfloat, RoundsToNearestEven) {
  test::on_every_tier([](IsaSet isa) {
    expect_nearest_even(
        0x80, 0x7F7F, [&](auto... args) { bfloat_to_floats(args..., isa); },
        [&](auto... args) { floats_to_bfloat(args..., isa); });
  });
  expect_nearest_even(
      0x80, 0x7F7F,
      [](auto in, size_t count, auto out) { std::transform(in, in + count, out, bfloat_to_float); },
      [](auto in, size_t count, auto out) {
        std::transform(in, in + count, out, float_to_bfloat);
      });
}

TEST(ShortFloats, KeepNotANumberWhateverItsBitsAre) {
  test::on_every_tier([&](IsaSet isa) {
    for (const uint32_t pattern : {0xFF800001u, 0x7FFFFFFFu, 0xFFFFFFFFu}) {
      const float nan = std::bit_cast<float>(pattern);
      for (size_t count : {1, 9, 33}) {
        const std::vector<float> x(count, nan);
        std::vector<uint16_t> bits(count);
        std::vector<float> y(count);
        floats_to_half(x.data(), count, bits.data(), isa);
        half_to_floats(bits.data(), count, y.data(), isa);
        for (const float each : y) EXPECT_TRUE(std::isnan(each));
        floats_to_bfloat(x.data(), count, bits.data(), isa);
        bfloat_to_floats(bits.data(), count, y.data(), isa);
        for (const float each : y) EXPECT_TRUE(std::isnan(each));
        EXPECT_TRUE(std::isnan(bfloat_to_float(float_to_bfloat(nan))));
      }
    }
  });
}

}  // namespace
}  // namespace octavo
