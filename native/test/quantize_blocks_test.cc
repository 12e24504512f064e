#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <vector>

#include "base/math.h"
#include "block_gemm/select_block.h"
#include "float_samples.h"
#include "vector/select_tier.h"

namespace octavo {
namespace {

using test::FloatSamples;

constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();
constexpr float kLeast = std::numeric_limits<float>::denorm_min();

// With a part of a vector in the last block, and with more blocks than a vector has lanes.
struct Row {
  size_t count, block_size;
};
const Row kRows[] = {{1, 16},    {15, 16},  {16, 16},   {96, 16},    {31, 32},   {512, 32},
                     {544, 32},  {515, 32}, {1100, 48}, {1024, 64},  {1025, 64}, {2048, 128},
                     {2300, 128}, {600, 256}, {4097, 256}, {5000, 5008}, {192, 32}, {192, 64},
                     {896, 128},  {896, 256}, {896, 896}};

void expect_block_right(const std::vector<float>& x, size_t first, size_t last, uint32_t factor,
                        const std::vector<int8_t>& q, float scale, int32_t offset) {
  float most = 0;
  bool finite = true;
  for (size_t k = first; k < last; ++k) {
    most = std::fmax(most, std::fabs(x[k]));
    finite = finite && std::isfinite(x[k]);
  }
  const float expected = finite ? most / 127 : kNaN;
  ASSERT_TRUE(scale == expected || (std::isnan(scale) && std::isnan(expected))) << scale;
  uint32_t sum = 0;
  for (size_t k = first; k < last; ++k) {
    const float quotient = expected > 0 ? std::nearbyint(x[k] / expected) : 0;
    const int number = static_cast<int>(std::fmin(127.0f, std::fmax(-127.0f, quotient)));
    ASSERT_EQ(q[k], number) << x[k] << " / " << expected << " at " << k;
    sum += static_cast<uint32_t>(number);
  }
  ASSERT_EQ(offset, static_cast<int32_t>(0u - factor * sum));
}

void expect_right(QuantizeBlocksFn quantize, const std::vector<float>& x, size_t block_size) {
  const size_t blocks = div_up(x.size(), block_size);
  constexpr int8_t kBeyond = 99;
  std::vector<int8_t> q(x.size() + 1, kBeyond);
  std::vector<float> scales(blocks + 1, kBeyond);
  std::vector<int32_t> offsets(blocks + 1, kBeyond);
  for (uint32_t factor : {1u, 8u}) {
    quantize({x.data(), x.size(), block_size, factor, q.data(), scales.data(), offsets.data()});
    for (size_t block = 0; block < blocks; ++block) {
      const size_t first = block * block_size, last = std::min(x.size(), first + block_size);
      expect_block_right(x, first, last, factor, q, scales[block], offsets[block]);
      if (testing::Test::HasFatalFailure()) return;
    }
    ASSERT_EQ(q.back(), kBeyond);
    ASSERT_EQ(scales.back(), kBeyond);
    ASSERT_EQ(offsets.back(), kBeyond);
  }
  std::vector<int8_t> alone(q.size(), kBeyond);
  quantize({x.data(), x.size(), block_size, 1, alone.data(), scales.data(), nullptr});
  ASSERT_EQ(alone, q);
  quantize({x.data(), x.size(), block_size, 1, alone.data(), scales.data(), nullptr, 0x80});
  std::vector<int8_t> flipped(q);
  for (size_t k = 0; k < x.size(); ++k) flipped[k] = static_cast<int8_t>(q[k] ^ 0x80);
  ASSERT_EQ(alone, flipped);
  std::vector<int32_t> same(offsets.size(), kBeyond);
  quantize({x.data(), x.size(), block_size, 8, alone.data(), scales.data(), same.data(), 0x80});
  ASSERT_EQ(alone, flipped);
  ASSERT_EQ(same, offsets);
}

void on_every_quantizer(const std::vector<float>& x, size_t block_size) {
  std::vector<NamedTier> tiers(std::begin(kNamedTiers), std::end(kNamedTiers));
  tiers.push_back({"best", active_isa()});
  for (const NamedTier& tier : tiers) {
    if (!active_isa().contains(tier.isa)) continue;
    SCOPED_TRACE(tier.name);
    expect_right(select_row_quantizer(tier.isa), x, block_size);
    if (testing::Test::HasFatalFailure()) return;
  }
}

TEST(QuantizeBlocks, IsRightForEveryBlockSize) {
  FloatSamples samples(92);
  for (const Row& row : kRows) on_every_quantizer(samples.floats(row.count), row.block_size);
}

// Rows apart from each other give what each gives alone, and nothing between them is written.
void expect_rows_right(QuantizeBlocksFn quantize, const std::vector<float>& x, const Row& row) {
  constexpr size_t kRowCount = 5, kXGap = 3, kQGap = 7;
  constexpr int8_t kBeyond = 99;
  const size_t blocks = div_up(row.count, row.block_size), q_stride = row.count + kQGap;
  for (bool sums : {false, true}) {
    std::vector<int8_t> q(kRowCount * q_stride, kBeyond), expected(q);
    std::vector<float> scales(kRowCount * blocks), expected_scales(scales);
    std::vector<int32_t> offsets(kRowCount * blocks), expected_offsets(offsets);
    RowQuantization rows{x.data(), row.count, row.block_size, 8, q.data(), scales.data(),
                         sums ? offsets.data() : nullptr, 0x80};
    for (size_t i = 0; i < kRowCount; ++i) {
      RowQuantization alone = rows;
      alone.x += i * (row.count + kXGap);
      alone.q = expected.data() + i * q_stride;
      alone.scales = expected_scales.data() + i * blocks;
      if (sums) alone.offsets = expected_offsets.data() + i * blocks;
      quantize(alone);
    }
    rows.rows = kRowCount;
    rows.x_stride = row.count + kXGap;
    rows.q_stride = q_stride;
    quantize(rows);
    ASSERT_EQ(q, expected);
    // NaNs too.
    ASSERT_EQ(std::memcmp(scales.data(), expected_scales.data(), 4 * scales.size()), 0);
    ASSERT_EQ(offsets, expected_offsets);
  }
}

TEST(QuantizeBlocks, TakesRowsOneAfterTheOther) {
  FloatSamples samples(96);
  for (const Row& row : kRows) {
    const std::vector<float> x = samples.floats(5 * (row.count + 3));
    expect_rows_right(select_row_quantizer(isa::scalar), x, row);
    expect_rows_right(select_row_quantizer(active_isa()), x, row);
    if (testing::Test::HasFatalFailure()) return;
  }
}

// Blocks that need divisions are among others that are quantized together, in the same row or not.
TEST(QuantizeBlocks, TakesRowsWithBlocksThatAreNotNumbersOrZero) {
  FloatSamples samples(97);
  for (const Row& row : {Row{896, 128}, Row{192, 64}, Row{1024, 64}, Row{192, 32}}) {
    for (float special : {0.0f, kInfinity, kNaN, kLeast}) {
      for (size_t block : {0, 3, 14, 15, 16, 17}) {
        std::vector<float> x = samples.floats(5 * (row.count + 3));
        const size_t per_row = row.count / row.block_size;
        if (block >= 5 * per_row) continue;
        const size_t first = block / per_row * (row.count + 3) + block % per_row * row.block_size;
        std::fill_n(&x[first], row.block_size, special);
        expect_rows_right(select_row_quantizer(active_isa()), x, row);
        if (testing::Test::HasFatalFailure()) return;
      }
    }
  }
}

// As kernels do it that measure rows.
std::vector<int32_t> greatest_bits(const float* x, size_t stride, size_t rows, const Row& row) {
  std::vector<int32_t> found;
  for (size_t r = 0; r < rows; ++r) {
    for (size_t first = 0; first < row.count; first += row.block_size) {
      int32_t most[16] = {};
      for (size_t k = 0; k < row.block_size; ++k) {
        const int32_t bits = std::bit_cast<int32_t>(x[r * stride + first + k]) & INT32_MAX;
        most[k % 16] = std::max(most[k % 16], bits);
      }
      found.insert(found.end(), most, most + 16);
    }
  }
  found.resize(found.size() + 16 * 16, -1);  // may be read
  return found;
}

TEST(QuantizeBlocks, TakesRowsThatHaveBeenMeasured) {
  FloatSamples samples(99);
  constexpr size_t kRowCount = 7;
  for (const Row& row : {Row{896, 128}, Row{192, 64}, Row{1024, 64}, Row{640, 640}}) {
    for (float special : {1.0f, 0.0f, kInfinity, kNaN, kLeast}) {
      std::vector<float> x = samples.floats(kRowCount * row.count);
      std::fill_n(&x[2 * row.count], row.block_size, special);
      x[6 * row.count + 5] = special;
      const size_t blocks = kRowCount * row.count / row.block_size;
      std::vector<int8_t> q(x.size()), expected(x.size());
      std::vector<float> scales(blocks), expected_scales(blocks);
      RowQuantization rows{x.data(), row.count, row.block_size, 8, expected.data(),
                           expected_scales.data(), nullptr, 0x80, kRowCount, row.count, row.count};
      const QuantizeBlocksFn quantize = select_row_quantizer(active_isa());
      quantize(rows);
      const std::vector<int32_t> found = greatest_bits(x.data(), row.count, kRowCount, row);
      rows.q = q.data();
      rows.scales = scales.data();
      rows.found = reinterpret_cast<const int32_t(*)[kBlockColumns]>(found.data());
      quantize(rows);
      ASSERT_EQ(q, expected);
      ASSERT_EQ(std::memcmp(scales.data(), expected_scales.data(), 4 * blocks), 0);
    }
  }
}

// From the least number to the greatest: where scales and remainders are not normal numbers too.
TEST(QuantizeBlocks, IsRightForEveryMagnitude) {
  FloatSamples samples(93);
  for (int exponent = -149; exponent < 128; ++exponent) {
    std::vector<float> x = samples.floats(128, -1, 1);
    for (float& value : x) value = std::ldexp(value, exponent);
    for (size_t block_size : {32, 64}) on_every_quantizer(x, block_size);
  }
}

// Quotients at the halves and a few units of the last place beside them: what rounds a quotient
// wrong, or twice, gives another integer there.
void expect_halves_right(float most) {
  const float scale = most / 127;
  std::vector<float> x;
  for (int half = 0; half < 127; ++half) {
    const double at = (half + 0.5) * static_cast<double>(scale);
    float near = std::nextafter(std::nextafter(static_cast<float>(at), 0.0f), 0.0f);
    for (int step = -2; step <= 2; ++step, near = std::nextafter(near, kInfinity)) {
      if (near <= most) x.push_back(half % 2 == 0 ? near : -near);
    }
  }
  x.push_back(most);
  // Whole cache lines are quantized in another way.
  x.resize(div_up(x.size(), 64) * 64);
  on_every_quantizer(x, 1024);
}

TEST(QuantizeBlocks, RoundsHalvesLikeDivision) {
  FloatSamples samples(94);
  for (int round = 0; round < 400; ++round) {
    expect_halves_right(std::ldexp(samples.floats(1, 1, 2)[0], round % 200 - 100));
  }
}

// Quotients that come nearest to the middle between a half and a number beside it are those by
// scales whose last 17 digits are next to all zeros or all ones.
TEST(QuantizeBlocks, RoundsHalvesOfTheHardestScales) {
  int tried = 0;
  for (int first = 64; first < 128; ++first) {
    for (int last = -4; last <= 4; ++last) {
      const float scale = std::ldexp(static_cast<float>(first * (1 << 17) + last), -23);
      const float most = scale * 127;
      if (most / 127 != scale) continue;
      ++tried;
      expect_halves_right(most);
    }
  }
  EXPECT_GT(tried, 300);
}

TEST(QuantizeBlocks, KeepsWhatIsNoNumberInItsBlock) {
  FloatSamples samples(95);
  for (float special : {kInfinity, -kInfinity, kNaN, -kNaN, kLeast, -kLeast, 0.0f, -0.0f}) {
    for (size_t at : {0, 40, 95, 97}) {
      for (const Row& row : {Row{98, 32}, Row{128, 32}, Row{128, 64}}) {
        std::vector<float> x = samples.floats(row.count);
        std::fill_n(x.begin() + row.block_size, row.block_size, 0.0f);
        x[at] = special;
        on_every_quantizer(x, row.block_size);
      }
    }
  }
}

}  // namespace
}  // namespace octavo
