// Vectors of floats become bfloats as each number alone does.
#include <bit>
#include <cmath>
#include <vector>

#include "base/half.h"
#include "every_tier.h"
#include "quantize/quantize.h"

namespace octavo {
namespace {

// Every upper half, with lower halves on both sides of a tie, and on it.
std::vector<float> floats_around_ties() {
  std::vector<float> x;
  for (const uint32_t lower : {0u, 1u, 0x7FFFu, 0x8000u, 0x8001u, 0xFFFFu}) {
    for (uint32_t upper = 0; upper < 65536; ++upper) {
      x.push_back(std::bit_cast<float>(upper << 16 | lower));
    }
  }
  return x;
}

// Numbers next to others whose halves would do: rows are as long as no vector is.
TEST(BfloatVectors, RoundAsNumbersAlone) {
  const std::vector<float> x = floats_around_ties();
  test::on_every_tier([&](IsaSet isa) {
    for (const size_t first : {size_t{0}, size_t{7}}) {
      std::vector<uint16_t> y(x.size() - first);
      floats_to_bfloat(x.data() + first, y.size(), y.data(), isa);
      for (size_t i = 0; i < y.size(); ++i) {
        const float value = x[first + i];
        if (std::isnan(value)) {
          ASSERT_TRUE(std::isnan(bfloat_to_float(y[i]))) << i;
          ASSERT_EQ(y[i] >> 15, std::signbit(value)) << i;
        } else {
          ASSERT_EQ(y[i], float_to_bfloat(value)) << value;
        }
      }
    }
  });
}

// Infinities and what is no number among others: a vector with one is rounded like those without.
TEST(BfloatVectors, TakeSpecialNumbersAmongOthers) {
  test::on_every_tier([](IsaSet isa) {
    for (const float special : {INFINITY, -INFINITY, std::bit_cast<float>(0x7F800001u)}) {
      for (size_t at = 0; at < 64; ++at) {
        std::vector<float> x(64);
        for (size_t i = 0; i < 64; ++i) x[i] = 1.0f + 0x1p-8f * static_cast<float>(i);
        x[at] = special;
        std::vector<uint16_t> y(64);
        floats_to_bfloat(x.data(), 64, y.data(), isa);
        for (size_t i = 0; i < 64; ++i) {
          const bool is_nan = std::isnan(x[i]);
          ASSERT_TRUE(is_nan ? std::isnan(bfloat_to_float(y[i])) : y[i] == float_to_bfloat(x[i]));
        }
      }
    }
  });
}

}  // namespace
}  // namespace octavo
