#include <algorithm>
#include <vector>

#include "every_tier.h"
#include "quantize/quantize.h"
#include "samples.h"

namespace octavo {
namespace {

TEST(Nibbles, UnpackAndPackForEveryLength) {
  test::on_every_tier([](IsaSet isa) {
    test::Samples samples(85);
    for (size_t count = 0; count < 200; ++count) {
      const std::vector<uint8_t> packed = samples.bytes((count + 1) / 2, OCTAVO_U8);
      std::vector<uint8_t> plain(count), again(packed.size());
      std::vector<int8_t> extended(count);
      unpack_nibbles(packed.data(), count, OCTAVO_U8, plain.data(), isa);
      unpack_nibbles(packed.data(), count, OCTAVO_S8, extended.data(), isa);
      for (size_t i = 0; i < count; ++i) {
        const int nibble = packed[i / 2] >> (i % 2 * 4) & 15;
        ASSERT_EQ(plain[i], nibble);
        ASSERT_EQ(extended[i], nibble < 8 ? nibble : nibble - 16);
      }
      pack_nibbles(extended.data(), count, again.data(), isa);
      for (size_t i = 0; i < packed.size(); ++i) {
        const bool half_full = count % 2 != 0 && i + 1 == packed.size();
        ASSERT_EQ(again[i], half_full ? packed[i] & 15 : packed[i]);
      }
    }
  });
}

// More than a task takes, and an odd number.
TEST(Nibbles, UnpackAndPackAcrossTasks) {
  test::Samples samples(87);
  const size_t count = (size_t{1} << 17) + 1;
  const std::vector<uint8_t> bytes = samples.bytes(count, OCTAVO_U8);
  std::vector<uint8_t> packed((count + 1) / 2), plain(count);
  pack_nibbles(bytes.data(), count, packed.data());
  unpack_nibbles(packed.data(), count, OCTAVO_U8, plain.data());
  for (size_t i = 0; i < count; ++i) ASSERT_EQ(plain[i], bytes[i] & 15);
}

// So many go past the cache, but for those in front of the first whole line and behind the last.
TEST(Nibbles, UnpackPastTheCache) {
  const size_t count = (size_t{1} << 24) + 67;
  std::vector<uint8_t> packed((count + 1) / 2);
  for (size_t i = 0; i < packed.size(); ++i) packed[i] = static_cast<uint8_t>(i * 37 + i / 256);
  std::vector<uint8_t> expected(count + 1, 0xAB);
  for (size_t i = 0; i < count; ++i) {
    expected[i] = static_cast<uint8_t>(((packed[i / 2] >> (i % 2 * 4) & 15) ^ 8) - 8);
  }
  test::on_every_tier([&](IsaSet isa) {
    for (size_t first : {0, 1, 62}) {
      std::vector<uint8_t> out(first + expected.size(), 0xAB);
      unpack_nibbles(packed.data(), count, OCTAVO_S8, out.data() + first, isa);
      ASSERT_TRUE(std::equal(expected.begin(), expected.end(), out.begin() + first)) << first;
    }
  });
}

}  // namespace
}  // namespace octavo
