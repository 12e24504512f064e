#include "quantize/byte_table.h"

#include <cmath>
#include <cstring>
#include <vector>

#include "every_tier.h"
#include "quantize/quantize.h"
#include "samples.h"

namespace octavo {
namespace {

TEST(ByteTable, LooksUpEveryByteAtEveryLength) {
  test::Samples samples(86);
  ByteTable table;
  const std::vector<uint8_t> entries = samples.bytes(256, OCTAVO_U8);
  std::memcpy(table.entries, entries.data(), 256);
  const std::vector<uint8_t> x = samples.bytes(700, OCTAVO_U8);
  const auto check = [&](IsaSet isa) {
    for (size_t count = 0; count <= 700; count += count < 140 ? 1 : 70) {
      std::vector<uint8_t> y(count + 1, 0xAB);
      look_up(x.data(), table, count, y.data(), isa);
      for (size_t i = 0; i < count; ++i) ASSERT_EQ(y[i], entries[x[i]]);
      ASSERT_EQ(y[count], 0xAB);
      std::vector<uint8_t> in_place(x.begin(), x.begin() + static_cast<ptrdiff_t>(count));
      look_up(in_place.data(), table, count, in_place.data(), isa);
      for (size_t i = 0; i < count; ++i) ASSERT_EQ(in_place[i], y[i]);
    }
  };
  check(active_isa());
  test::on_every_tier(check);
}

TEST(ByteTable, HoldsTheFunctionOfTheDequantizedValue) {
  const ByteFunction function{OCTAVO_S8, {0.05f, -3}, OCTAVO_U8, {1.0f / 256, 0}};
  test::on_every_tier([&](IsaSet isa) {
    const ByteTable sigmoid = unary_table(function, UnaryOp::sigmoid, {}, isa);
    const ByteTable same = requantize_table(function, isa);
    for (int32_t q = -128; q < 128; ++q) {
      const float x = static_cast<float>(q + 3) * 0.05f;
      const uint8_t index = static_cast<uint8_t>(q);
      EXPECT_EQ(same.entries[index], std::fmin(std::fmax(std::nearbyint(256 * x), 0), 255));
      EXPECT_NEAR(sigmoid.entries[index], std::fmin(255, 256 / (1 + std::exp(-double{x}))), 0.501);
    }
  });
}

}  // namespace
}  // namespace octavo
