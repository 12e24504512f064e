#include "histogram/histogram.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

#include "every_tier.h"
#include "octavo/octavo.h"
#include "samples.h"

namespace octavo {
namespace {

constexpr size_t kCounts[] = {1, 2, 7, 8, 15, 16, 17, 63, 1000, 65537, 300001};

// Half of them zeros of both signs, as behind an activation.
std::vector<float> activations(size_t count, float limit, test::Samples& samples) {
  std::vector<float> values(count);
  for (float& value : values) {
    const float x = limit * static_cast<float>(samples.integer(-1000000, 1000000)) / 1e6f;
    value = samples.integer(0, 1) == 0 ? std::copysign(0.0f, x) : x;
  }
  return values;
}

int32_t bin_of(float x, int32_t exponent) {
  return static_cast<int32_t>(std::floor(std::ldexp(static_cast<double>(x), -exponent)));
}

void expect_counts(const std::vector<float>& values, int32_t exponent, int32_t first, size_t bins,
                   IsaSet isa) {
  std::vector<int32_t> expected(bins);
  size_t zeros = 0, beyond = 0;
  for (float x : values) {
    if (x == 0) {
      ++zeros;
    } else if (const int32_t bin = bin_of(x, exponent) - first;
               bin >= 0 && bin < static_cast<int32_t>(bins)) {
      ++expected[bin];
    } else {
      ++beyond;
    }
  }
  std::vector<int32_t> found(bins, -1);
  const BinGrid grid{std::ldexp(1.0f, -exponent), first, static_cast<uint32_t>(bins)};
  const BinTotals totals = count_bins(values.data(), values.size(), grid, found.data(), isa);
  EXPECT_EQ(found, expected);
  EXPECT_EQ(totals.zeros, zeros);
  EXPECT_EQ(totals.beyond, beyond);
}

TEST(Histogram, CountsEachElementInItsBin) {
  test::on_every_tier([](IsaSet isa) {
    test::Samples samples(1);
    for (size_t count : kCounts) {
      SCOPED_TRACE(count);
      expect_counts(activations(count, 4, samples), -9, -2048, 4096, isa);
      expect_counts(activations(count, 1e30f, samples), 89, -2048, 4096, isa);
      // Some lie beyond on either side.
      expect_counts(activations(count, 4, samples), -3, -10, 17, isa);
    }
  });
}

TEST(Histogram, PutsBoundariesAndTinyNumbersWhereTheyBelong) {
  const float tiny = std::numeric_limits<float>::denorm_min();
  std::vector<float> values = {tiny, -tiny, 1e-38f, -1e-38f, -0.0f, 3e38f, -3e38f};
  for (int i = -20; i <= 20; ++i) {
    const float edge = static_cast<float>(i);
    values.insert(values.end(), {edge, std::nextafter(edge, 100.0f), std::nextafter(edge, -100.0f)});
  }
  test::on_every_tier([&](IsaSet isa) {
    for (int32_t exponent : {-126, -2, 0, 1, 100, 126}) {
      SCOPED_TRACE(exponent);
      expect_counts(values, exponent, -40, 90, isa);
    }
  });
}

TEST(Histogram, FindsTheExtentOfFiniteFloats) {
  test::on_every_tier([](IsaSet isa) {
    test::Samples samples(2);
    for (size_t count : kCounts) {
      SCOPED_TRACE(count);
      std::vector<float> values = activations(count, 4, samples);
      const auto [least, most] = std::minmax_element(values.begin(), values.end());
      float low = 0, high = 0;
      EXPECT_TRUE(extent(values.data(), count, &low, &high, isa));
      EXPECT_EQ(low, *least);
      EXPECT_EQ(high, *most);
      for (float bad : {NAN, INFINITY, -INFINITY}) {
        const auto place = static_cast<size_t>(samples.integer(0, static_cast<int32_t>(count) - 1));
        const float before = values[place];
        values[place] = bad;
        EXPECT_FALSE(extent(values.data(), count, &low, &high, isa)) << bad << " at " << place;
        values[place] = before;
      }
    }
  });
}

struct CountCall {
  octavo_status run() { return octavo_count_bins(in, 4, exponent, first, bins, out, &zeros); }

  float in[4] = {-1, 0, 0.5f, 1};
  int32_t exponent = -1, first = -2;
  size_t bins = 5;
  int32_t out[5] = {};
  size_t zeros = 0;
};

TEST(HistogramApi, CountsAndFindsTheExtent) {
  CountCall call;
  ASSERT_EQ(call.run(), OCTAVO_OK) << octavo_last_error();
  const int32_t expected[] = {1, 0, 0, 1, 1};
  for (size_t bin = 0; bin < 5; ++bin) EXPECT_EQ(call.out[bin], expected[bin]) << bin;
  EXPECT_EQ(call.zeros, 1u);
  float low = 0, high = 0;
  ASSERT_EQ(octavo_extent(call.in, 4, &low, &high), OCTAVO_OK);
  EXPECT_EQ(low, -1);
  EXPECT_EQ(high, 1);
  call.in[2] = INFINITY;
  ASSERT_EQ(octavo_extent(call.in, 4, &low, &high), OCTAVO_OK);
  EXPECT_TRUE(std::isnan(low) && std::isnan(high));
}

template <typename Change>
void expect_refused(const char* message, Change change) {
  CountCall call;
  change(call);
  EXPECT_EQ(call.run(), OCTAVO_INVALID_ARGUMENT) << message;
  EXPECT_STREQ(octavo_last_error(), message);
}

TEST(HistogramApi, RefusesWhatItCannotCount) {
  expect_refused("in: expected numbers within the bins", [](auto& call) { call.bins = 4; });
  expect_refused("in: expected numbers within the bins", [](auto& call) { call.in[3] = NAN; });
  expect_refused("exponent: expected -126 to 126", [](auto& call) { call.exponent = 127; });
  expect_refused("bins: expected at most 65536", [](auto& call) { call.bins = 65537; });
  expect_refused("first: expected -2^24 to 2^24", [](auto& call) { call.first = -(1 << 24) - 1; });
  float low = 0;
  EXPECT_EQ(octavo_extent(&low, 0, &low, &low), OCTAVO_INVALID_ARGUMENT);
  EXPECT_STREQ(octavo_last_error(), "in: expected at least one element");
}

}  // namespace
}  // namespace octavo
