#include "epilogue/epilogue.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <string>
#include <vector>

#include "epilogue/select_epilogue.h"
#include "reference/reference_requantize.h"
#include "samples.h"

namespace octavo {
namespace {

using test::Samples;

class EveryEpilogue : public testing::TestWithParam<EpilogueEntry> {
 protected:
  void SetUp() override {
    if (!active_isa().contains(GetParam().isa)) GTEST_SKIP() << "not on this CPU";
  }
};

struct Limits {
  int32_t zero_point, clamp_min, clamp_max;
};

constexpr Limits kUnsigned[] = {{0, 0, 255}, {128, 0, 255}, {255, 3, 250}, {17, 17, 17}};
constexpr Limits kSigned[] = {{0, -128, 127}, {-128, -128, 127}, {127, -5, 127}, {5, 5, 90}};

void check_q8(const EpilogueEntry& entry, size_t columns, const std::vector<int32_t>& acc,
              const std::vector<float>& scales, const Limits& limits) {
  const size_t rows = acc.size() / columns;
  std::vector<uint8_t> out(rows * columns);
  EpilogueTile tile{};
  tile.rows = rows;
  tile.columns = columns;
  tile.acc = acc.data();
  tile.acc_stride = columns;
  tile.scales = scales.data();
  tile.zero_point = limits.zero_point;
  tile.clamp_min = limits.clamp_min;
  tile.clamp_max = limits.clamp_max;
  tile.out = out.data();
  tile.out_stride = columns;
  entry.run(tile);
  for (size_t i = 0; i < out.size(); ++i) {
    const int32_t expected = reference::requantize(acc[i], scales[i % columns], limits.zero_point,
                                                   limits.clamp_min, limits.clamp_max);
    ASSERT_EQ(out[i], static_cast<uint8_t>(expected))
        << entry.name << " acc " << acc[i] << " scale " << scales[i % columns];
  }
}

class EveryQ8Epilogue : public EveryEpilogue {};
class EveryF32Epilogue : public EveryEpilogue {};

TEST_P(EveryQ8Epilogue, RequantizesLikeTheReferenceIncludingTies) {
  Samples samples(21);
  for (size_t columns : {1, 7, 15, 16, 17, 48, 64, 100}) {
    const std::vector<int32_t> halves = samples.integers(8 * columns, -600, 600);
    const std::vector<int32_t> large = samples.integers(8 * columns, -70'000'000, 70'000'000);
    const std::vector<float> tie_scales(columns, 0.5f);
    const std::vector<float> scales = samples.scales(columns, 100);
    for (const Limits& limits : kUnsigned) {
      check_q8(GetParam(), columns, halves, tie_scales, limits);
      check_q8(GetParam(), columns, large, scales, limits);
    }
    for (const Limits& limits : kSigned) {
      check_q8(GetParam(), columns, halves, tie_scales, limits);
      check_q8(GetParam(), columns, large, scales, limits);
    }
  }
}

TEST_P(EveryQ8Epilogue, SaturatesWhateverTheScaleMakesOfTheSum) {
  const float infinity = std::numeric_limits<float>::infinity();
  const std::vector<int32_t> sums = {INT32_MIN, -1, 0, 1, INT32_MAX, 16777217, -16777219, 33554435};
  for (float scale : {1e30f, -1e30f, infinity, -infinity, 1e-40f, 0.0f, -0.5f, NAN, 1.0f}) {
    check_q8(GetParam(), sums.size(), sums, std::vector<float>(sums.size(), scale), kUnsigned[1]);
    check_q8(GetParam(), sums.size(), sums, std::vector<float>(sums.size(), scale), kSigned[2]);
  }
}

TEST_P(EveryF32Epilogue, DequantizesToTheSameBitsAsTheReference) {
  Samples samples(22);
  for (size_t columns : {1, 15, 16, 17, 64, 90}) {
    const size_t rows = 5;
    const std::vector<int32_t> acc = samples.integers(rows * columns, INT32_MIN, INT32_MAX);
    const std::vector<float> scales = samples.scales(columns, 3);
    const std::vector<float> bias = samples.scales(columns, 1);
    const std::vector<float> row_scales = samples.scales(rows, 2);
    for (int options = 0; options < 4; ++options) {
      std::vector<float> out(rows * columns);
      EpilogueTile tile{};
      tile.rows = rows;
      tile.columns = columns;
      tile.acc = acc.data();
      tile.acc_stride = columns;
      tile.scales = scales.data();
      tile.row_scales = (options & 1) != 0 ? row_scales.data() : nullptr;
      tile.float_bias = (options & 2) != 0 ? bias.data() : nullptr;
      tile.out = out.data();
      tile.out_stride = columns;
      GetParam().run(tile);
      for (size_t i = 0; i < out.size(); ++i) {
        const float* row_scale = tile.row_scales == nullptr ? nullptr : &row_scales[i / columns];
        float expected = reference::dequantize(acc[i], scales[i % columns], row_scale);
        if (tile.float_bias != nullptr) expected += bias[i % columns];
        ASSERT_EQ(std::memcmp(&out[i], &expected, sizeof(float)), 0)
            << GetParam().name << " acc " << acc[i] << ": " << out[i] << " != " << expected;
      }
    }
  }
}

TEST_P(EveryF32Epilogue, PassesInfiniteScalesOn) {
  const float infinity = std::numeric_limits<float>::infinity();
  const std::vector<int32_t> acc = {0, 1, -1, INT32_MAX, 0, -7, 9, 1, 0, 3, -3, 1, 0, 1, -1, 5, 0};
  for (float scale : {infinity, -infinity, NAN, 1e30f}) {
    const std::vector<float> scales(acc.size(), scale);
    std::vector<float> out(acc.size());
    EpilogueTile tile{};
    tile.rows = 1;
    tile.columns = acc.size();
    tile.acc = acc.data();
    tile.scales = scales.data();
    tile.out = out.data();
    GetParam().run(tile);
    for (size_t i = 0; i < acc.size(); ++i) {
      const float expected = reference::dequantize(acc[i], scale, nullptr);
      if (std::isnan(expected)) {
        EXPECT_TRUE(std::isnan(out[i])) << acc[i] << " * " << scale;
      } else {
        EXPECT_EQ(std::memcmp(&out[i], &expected, sizeof(float)), 0) << acc[i] << " * " << scale;
      }
    }
  }
}

TEST_P(EveryEpilogue, LeavesWhatIsBesideTheTileUntouched) {
  Samples samples(23);
  const size_t element =
      GetParam().kind == EpilogueKind::f32 || GetParam().kind == EpilogueKind::s32 ? 4 : 1;
  const size_t rows = 3, columns = 13, stride = 20;
  const std::vector<int32_t> acc = samples.integers(rows * columns, -100, 100);
  const std::vector<float> scales = samples.scales(columns, 1);
  std::vector<uint8_t> out(rows * stride * element, 0xA5);
  EpilogueTile tile{};
  tile.rows = rows;
  tile.columns = columns;
  tile.acc = acc.data();
  tile.acc_stride = columns;
  tile.scales = scales.data();
  tile.clamp_max = 100;
  tile.out = out.data();
  tile.out_stride = stride;
  const std::vector<uint8_t> table = samples.bytes(256, OCTAVO_U8);
  tile.tail.table = table.data();
  GetParam().run(tile);
  for (size_t i = 0; i < rows; ++i) {
    for (size_t byte = columns * element; byte < stride * element; ++byte) {
      ASSERT_EQ(out[i * stride * element + byte], 0xA5) << GetParam().name;
    }
  }
}

std::vector<EpilogueEntry> table() { return {epilogues().begin(), epilogues().end()}; }

std::vector<EpilogueEntry> lines_of(EpilogueKind kind) {
  std::vector<EpilogueEntry> lines;
  for (const EpilogueEntry& entry : epilogues()) {
    if (entry.kind == kind) lines.push_back(entry);
  }
  return lines;
}

std::string name_of(const testing::TestParamInfo<EpilogueEntry>& info) { return info.param.name; }

INSTANTIATE_TEST_SUITE_P(Table, EveryEpilogue, testing::ValuesIn(table()), name_of);
INSTANTIATE_TEST_SUITE_P(Table, EveryQ8Epilogue, testing::ValuesIn(lines_of(EpilogueKind::q8)),
                         name_of);
INSTANTIATE_TEST_SUITE_P(Table, EveryF32Epilogue, testing::ValuesIn(lines_of(EpilogueKind::f32)),
                         name_of);

}  // namespace
}  // namespace octavo
