// Conversions begin with the elements in front of a cache line: results are the same wherever input
// and output lie.
#include <cstring>
#include <vector>

#include "base/aligned_buffer.h"
#include "every_tier.h"
#include "quantize/quantize.h"
#include "samples.h"

namespace octavo {
namespace {

constexpr size_t kCount = 1100;
constexpr size_t kRoom = 2 * kCacheLine;
constexpr uint8_t kBeyond = 0xAB;

// `convert(in, out)` writes `out_bytes` of what `in` holds: at every distance from a line that
// elements of these sizes have.
template <typename Convert>
void expect_same_everywhere(const std::vector<uint8_t>& in, size_t in_step, size_t out_bytes,
                            size_t out_step, Convert convert) {
  AlignedBuffer<uint8_t> from(in.size() + kRoom), to(out_bytes + kRoom);
  std::vector<uint8_t> expected;
  for (size_t i = 0; i <= kCacheLine; i += in_step) {
    std::memcpy(from.data() + i, in.data(), in.size());
    for (size_t o = 0; o <= kCacheLine; o += out_step) {
      std::memset(to.data(), kBeyond, to.size());
      convert(from.data() + i, to.data() + o);
      const uint8_t* const out = to.data() + o;
      if (expected.empty()) expected.assign(out, out + out_bytes);
      ASSERT_EQ(std::memcmp(out, expected.data(), out_bytes), 0) << i << ", " << o;
      ASSERT_EQ(out[out_bytes], kBeyond) << i << ", " << o;
      ASSERT_TRUE(o == 0 || out[-1] == kBeyond) << i << ", " << o;
    }
  }
}

std::vector<uint8_t> bytes_of_floats() {
  test::Samples samples(90);
  std::vector<uint8_t> bytes(kCount * sizeof(float));
  for (size_t i = 0; i < kCount; ++i) {
    const float x = static_cast<float>(samples.integer(-30000, 30000)) / 77.0f;
    std::memcpy(&bytes[i * sizeof(float)], &x, sizeof(x));
  }
  return bytes;
}

const float* floats(const uint8_t* bytes) { return reinterpret_cast<const float*>(bytes); }
const uint16_t* words(const uint8_t* bytes) { return reinterpret_cast<const uint16_t*>(bytes); }

TEST(ConversionPlaces, DoNotMatterToNarrowing) {
  const std::vector<uint8_t> x = bytes_of_floats();
  const float scale = 1.7f;
  const int32_t zero_point = 100;
  const Quantization by{1, 1, kCount, &scale, &zero_point};
  test::on_every_tier([&](IsaSet isa) {
    expect_same_everywhere(x, 4, kCount, 1, [&](const uint8_t* in, uint8_t* out) {
      quantize(floats(in), by, OCTAVO_U8, out, isa);
    });
    expect_same_everywhere(x, 4, 2 * kCount, 2, [&](const uint8_t* in, uint8_t* out) {
      quantize(floats(in), by, OCTAVO_S16, out, isa);
    });
    expect_same_everywhere(x, 4, 2 * kCount, 2, [&](const uint8_t* in, uint8_t* out) {
      floats_to_bfloat(floats(in), kCount, reinterpret_cast<uint16_t*>(out), isa);
    });
    expect_same_everywhere(x, 4, 2 * kCount, 2, [&](const uint8_t* in, uint8_t* out) {
      floats_to_half(floats(in), kCount, reinterpret_cast<uint16_t*>(out), isa);
    });
    expect_same_everywhere(x, 1, kCount / 2, 1, [&](const uint8_t* in, uint8_t* out) {
      pack_nibbles(in, kCount, out, isa);
    });
  });
}

TEST(ConversionPlaces, DoNotMatterToWidening) {
  test::Samples samples(91);
  const std::vector<uint8_t> x = samples.bytes(2 * kCount, OCTAVO_U8);
  const float scale = 1.7f;
  const int32_t zero_point = 100;
  const Quantization by{1, 1, kCount, &scale, &zero_point};
  test::on_every_tier([&](IsaSet isa) {
    expect_same_everywhere(x, 1, 4 * kCount, 4, [&](const uint8_t* in, uint8_t* out) {
      dequantize(in, OCTAVO_U8, by, reinterpret_cast<float*>(out), isa);
    });
    expect_same_everywhere(x, 2, 4 * kCount, 4, [&](const uint8_t* in, uint8_t* out) {
      half_to_floats(words(in), kCount, reinterpret_cast<float*>(out), isa);
    });
    expect_same_everywhere(x, 2, 4 * kCount, 4, [&](const uint8_t* in, uint8_t* out) {
      bfloat_to_floats(words(in), kCount, reinterpret_cast<float*>(out), isa);
    });
    expect_same_everywhere(x, 1, kCount, 1, [&](const uint8_t* in, uint8_t* out) {
      unpack_nibbles(in, kCount, OCTAVO_S8, out, isa);
    });
  });
}

}  // namespace
}  // namespace octavo
