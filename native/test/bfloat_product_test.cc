// Products computed in bfloat16: what both sides are rounded to, and what may be lost besides.
#include <gtest/gtest.h>

#include <cstring>
#include <limits>
#include <string>

#include "float_gemm/float_gemm.h"
#include "float_product.h"
#include "float_samples.h"

namespace octavo {
namespace {

using test::FloatSamples;

octavo_float_weights in_bfloat(const std::vector<float>& values, size_t k, size_t n) {
  return {values.data(), OCTAVO_F32, k, n, n, 1, OCTAVO_COMPUTE_BF16};
}

float bfloat_value(float x) { return bfloat_to_float(float_to_bfloat(x)); }

std::vector<float> product(const std::vector<float>& lhs, const std::vector<float>& rhs, size_t k,
                           size_t n, IsaSet isa) {
  return test::product(lhs, pack_float(in_bfloat(rhs, k, n), isa), 1);
}

std::vector<FloatMicrokernel> kernels_of_pairs() {
  std::vector<FloatMicrokernel> found;
  for (const FloatMicrokernel& kernel : float_microkernels()) {
    if (kernel.weights == kBfloatPairs) found.push_back(kernel);
  }
  return found;
}

class FloatPairsOnEveryKernel : public testing::TestWithParam<FloatMicrokernel> {
 protected:
  void SetUp() override {
    if (!active_isa().contains(GetParam().isa)) GTEST_SKIP() << "not on this CPU";
  }
};

// 257 and 514 lie in the middle between two bfloat16: the even one is the lower.
TEST_P(FloatPairsOnEveryKernel, RoundBothSides) {
  const std::vector<float> lhs{257, 3, 1}, rhs{1, 0, 0, 514, 2, 4};
  EXPECT_EQ(product(lhs, rhs, 3, 2, GetParam().isa), (std::vector<float>{258, 3 * 512 + 4}));
}

// Whole numbers up to 256 are bfloat16, and their sums stay below 2^24.
TEST_P(FloatPairsOnEveryKernel, SumSmallIntegersExactly) {
  FloatSamples samples(58);
  const auto integers = [&](size_t count) {
    std::vector<float> values(count);
    for (float& value : values) value = static_cast<float>(samples.size(0, 400)) - 200;
    return values;
  };
  for (size_t k : {1, 2, 3, 7, 8, 63, 64, 65, 127, 400}) {
    for (size_t n : {size_t{1}, GetParam().lanes + 1, GetParam().nr, 2 * GetParam().nr + 1}) {
      const size_t m = samples.size(1, 2 * GetParam().mr + 1);
      const std::vector<float> lhs = integers(m * k), rhs = integers(k * n);
      const std::vector<float> found = product(lhs, rhs, k, n, GetParam().isa);
      for (size_t at = 0; at < m * n; ++at) {
        float sum = 0;
        for (size_t i = 0; i < k; ++i) sum += lhs[at / n * k + i] * rhs[i * n + at % n];
        ASSERT_EQ(found[at], sum) << m << "x" << k << "x" << n;
      }
    }
  }
}

// vdpbf16ps takes subnormal numbers for 0, and makes 0 of subnormal sums; nothing else does.
TEST_P(FloatPairsOnEveryKernel, LoseNothingButSubnormalTerms) {
  FloatSamples samples(59);
  const bool loses = GetParam().isa.contains(isa::avx512bf16);
  for (size_t k : {1, 2, 9, 64}) {
    std::vector<float> lhs(5 * k), rhs(k * 19);
    for (float& x : lhs) {
      x = bfloat_value(samples.uniform(-1, 1) * (samples.size(0, 1) == 0 ? 0x1p-110f : 0x1p-127f));
    }
    // Sums of one column in two are subnormal themselves.
    for (size_t i = 0; i < rhs.size(); ++i) {
      rhs[i] = bfloat_value(samples.uniform(-1, 1) * (i % 19 % 2 == 0 ? 0x1p-20f : 0x1p110f));
    }
    const std::vector<float> found = product(lhs, rhs, k, 19, GetParam().isa);
    for (size_t at = 0; at < found.size(); ++at) {
      double sum = 0, size = 0, lost = loses ? static_cast<double>(k) * 0x1p-126 : 0;
      for (size_t i = 0; i < k; ++i) {
        const float a = lhs[at / 19 * k + i];
        const double term = static_cast<double>(a) * rhs[i * 19 + at % 19];
        sum += term;
        size += std::abs(term);
        if (loses && std::fpclassify(a) == FP_SUBNORMAL) lost += std::abs(term);
      }
      // A sum of subnormal size has an absolute error too.
      const double bound = 2 * static_cast<double>(k) * (0x1p-24 * size + 0x1p-150);
      ASSERT_LE(std::abs(found[at] - sum), bound + lost);
    }
  }
}

TEST_P(FloatPairsOnEveryKernel, KeepInfinityAndNotANumber) {
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  const std::vector<float> lhs{1, kInfinity, 2, 1, 2, 3e38f, 1, std::nanf(""), 2};
  const std::vector<float> found = product(lhs, {1, 1, 1, 1, 1, 1}, 3, 2, GetParam().isa);
  EXPECT_EQ(found[0], kInfinity);
  EXPECT_NEAR(found[2], 3e38, 3e38 / 256);
  EXPECT_TRUE(std::isnan(found[4]));
  // What is nearer to infinity than to the largest bfloat16.
  EXPECT_EQ(product({3.4e38f}, {1}, 1, 1, GetParam().isa)[0], kInfinity);
}

INSTANTIATE_TEST_SUITE_P(Table, FloatPairsOnEveryKernel, testing::ValuesIn(kernels_of_pairs()),
                         [](const auto& info) { return std::string(info.param.name); });

TEST(FloatPairs, RoundFloatWeightsAsTheyAreThoseOfBfloat) {
  FloatSamples samples(57);
  const std::vector<float> values = samples.floats(33 * 37);
  std::vector<uint16_t> halves(values.size());
  for (size_t i = 0; i < values.size(); ++i) halves[i] = float_to_bfloat(values[i]);
  const octavo_float_weights rounded{halves.data(),      OCTAVO_BF16, 33, 37, 37, 1,
                                     OCTAVO_COMPUTE_BF16};
  const PackedFloat floats = pack_float(in_bfloat(values, 33, 37), active_isa());
  const PackedFloat bfloats = pack_float(rounded, active_isa());
  ASSERT_EQ(floats.bytes(), bfloats.bytes());
  EXPECT_EQ(std::memcmp(floats.panels.data(), bfloats.panels.data(), floats.bytes()), 0);
}

TEST(FloatPairs, RefuseHalvesAndUnknownWaysToCompute) {
  const std::vector<uint16_t> halves(4);
  octavo_packed_float* packed = nullptr;
  octavo_float_weights weights{halves.data(), OCTAVO_F16, 2, 2, 2, 1, OCTAVO_COMPUTE_BF16};
  EXPECT_EQ(octavo_pack_float(&weights, &packed), OCTAVO_INVALID_ARGUMENT);
  weights.type = OCTAVO_BF16;
  weights.compute = 2;
  EXPECT_EQ(octavo_pack_float(&weights, &packed), OCTAVO_INVALID_ARGUMENT);
  weights.compute = -1;
  EXPECT_EQ(octavo_pack_float(&weights, &packed), OCTAVO_INVALID_ARGUMENT);
}

}  // namespace
}  // namespace octavo
