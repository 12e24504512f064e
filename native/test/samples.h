// Seeded test data, the same on every machine.
#ifndef OCTAVO_TEST_SAMPLES_H_
#define OCTAVO_TEST_SAMPLES_H_

#include <cstdint>
#include <random>
#include <vector>

#include "octavo/octavo.h"

namespace octavo::test {

// What bytes a matrix is filled with: the extremes are where products saturate in a wrong kernel.
enum class Fill { random, lowest, highest, alternating };
inline constexpr Fill kFills[] = {Fill::random, Fill::lowest, Fill::highest, Fill::alternating};

class Samples {
 public:
  explicit Samples(uint32_t seed) : engine_(seed) {}

  // Uniform in [low, high]. std::uniform_int_distribution differs between standard libraries.
  int32_t integer(int32_t low, int32_t high) {
    const uint64_t range = static_cast<uint64_t>(static_cast<int64_t>(high) - low) + 1;
    return static_cast<int32_t>(low + static_cast<int64_t>(engine_() % range));
  }

  std::vector<uint8_t> bytes(size_t count, octavo_type type, Fill fill = Fill::random) {
    const uint8_t lowest = type == OCTAVO_S8 ? 0x80 : 0x00;
    const uint8_t highest = type == OCTAVO_S8 ? 0x7F : 0xFF;
    std::vector<uint8_t> values(count);
    for (size_t i = 0; i < count; ++i) {
      const uint8_t extreme =
          fill == Fill::highest || (fill == Fill::alternating && i % 2 == 1) ? highest : lowest;
      values[i] = fill == Fill::random ? static_cast<uint8_t>(integer(0, 255)) : extreme;
    }
    return values;
  }

  std::vector<int32_t> integers(size_t count, int32_t low, int32_t high) {
    std::vector<int32_t> values(count);
    for (int32_t& value : values) value = integer(low, high);
    return values;
  }

  std::vector<int32_t> zero_points(size_t count, octavo_type type) {
    return type == OCTAVO_S8 ? integers(count, -128, 127) : integers(count, 0, 255);
  }

  // Multipliers that put accumulators of `depth` products into the output's range, half of them
  // powers of two, which make ties.
  std::vector<float> scales(size_t count, size_t depth) {
    std::vector<float> values(count);
    for (float& value : values) {
      const float size = 1.0f / static_cast<float>(64 * (depth + 1));
      value = integer(0, 1) == 0 ? size * static_cast<float>(integer(1, 1000)) / 500.0f
                                 : 1.0f / static_cast<float>(1 << integer(1, 12));
    }
    return values;
  }

 private:
  std::mt19937 engine_;
};

}  // namespace octavo::test

#endif  // OCTAVO_TEST_SAMPLES_H_
