#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "conv/select_depthwise.h"
#include "samples.h"

namespace octavo {
namespace {

class EveryDepthwiseKernel : public testing::TestWithParam<DepthwiseKernel> {
 protected:
  void SetUp() override {
    if (!active_isa().contains(GetParam().isa)) GTEST_SKIP() << "not on this CPU";
  }
};

void expect_exact(const DepthwiseKernel& kernel, size_t taps, size_t count, int32_t extreme,
                  test::Samples& samples) {
  const size_t span = 200;
  std::vector<int16_t> values(span + count + kDepthwiseSlack), weights(taps);
  std::vector<size_t> offsets(taps);
  std::vector<int32_t> acc(count + kDepthwiseSlack, 5);
  for (int16_t& value : values) value = static_cast<int16_t>(samples.integer(-extreme, 255));
  for (int16_t& weight : weights) weight = static_cast<int16_t>(samples.integer(-255, extreme));
  for (size_t& offset : offsets) offset = static_cast<size_t>(samples.integer(0, span));
  const uint32_t bias = static_cast<uint32_t>(samples.integer(INT32_MIN, INT32_MAX));
  kernel.run({values.data(), offsets.data(), weights.data(), taps, bias, count, acc.data()});
  for (size_t i = 0; i < count; ++i) {
    uint32_t expected = bias;
    for (size_t t = 0; t < taps; ++t) {
      expected += static_cast<uint32_t>(weights[t] * values[offsets[t] + i]);
    }
    ASSERT_EQ(acc[i], static_cast<int32_t>(expected)) << kernel.name << " output " << i;
  }
}

TEST_P(EveryDepthwiseKernel, IsExactForAnyNumberOfTapsAndOutputs) {
  test::Samples samples(61);
  for (size_t taps : {2, 4, 10, 26, 50}) {
    for (size_t count : {1, 7, 31, 32, 33, 64, 65, 300}) {
      for (int32_t extreme : {255, -255}) {
        expect_exact(GetParam(), taps, count, extreme, samples);
      }
    }
  }
}

std::vector<DepthwiseKernel> table() {
  return {depthwise_kernels().begin(), depthwise_kernels().end()};
}

INSTANTIATE_TEST_SUITE_P(Table, EveryDepthwiseKernel, testing::ValuesIn(table()),
                         [](const auto& info) { return std::string(info.param.name); });

}  // namespace
}  // namespace octavo
