// The flat interface to quantizing: its arithmetic is tested below it, here what it refuses.
#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <limits>

#include "octavo/octavo.h"

namespace {

struct QuantizeCall {
  octavo_status quantize(octavo_type type = OCTAVO_U8) const {
    return octavo_quantize(in, &by, type, const_cast<uint8_t*>(out));
  }
  octavo_status dequantize(octavo_type type = OCTAVO_U8) const {
    return octavo_dequantize(out, type, &by, const_cast<float*>(in));
  }

  float in[4] = {-1, 0.25f, 0.75f, 1000};
  float scales[2] = {0.5f, 0.25f};
  int32_t zero_points[2] = {1, 2};
  uint8_t out[16] = {};
  octavo_quantization by{1, 2, 2, scales, zero_points};
};

TEST(QuantizeApi, QuantizesAndBack) {
  QuantizeCall call;
  ASSERT_EQ(call.quantize(), OCTAVO_OK) << octavo_last_error();
  const uint8_t expected[] = {0, 1, 5, 255};
  for (size_t i = 0; i < 4; ++i) EXPECT_EQ(call.out[i], expected[i]);
  ASSERT_EQ(call.dequantize(), OCTAVO_OK) << octavo_last_error();
  const float back[] = {-0.5f, 0, 0.75f, 63.25f};
  for (size_t i = 0; i < 4; ++i) EXPECT_EQ(call.in[i], back[i]);
}

template <typename Change>
void expect_refused(const char* message, Change change) {
  QuantizeCall call;
  const octavo_status status = change(call);
  EXPECT_EQ(status, OCTAVO_INVALID_ARGUMENT) << message;
  EXPECT_STREQ(octavo_last_error(), message);
  EXPECT_EQ(call.out[0], 0);
}

TEST(QuantizeApi, RefusesQuantizationsThatMakeNoSense) {
  expect_refused("type: expected OCTAVO_S8, U8, S16 or U16",
                 [](auto& call) { return call.quantize(OCTAVO_S32); });
  expect_refused("type: expected OCTAVO_S8, U8, S16, U16 or S32",
                 [](auto& call) { return call.dequantize(OCTAVO_F32); });
  for (float scale : {0.0f, -1.0f, NAN, std::numeric_limits<float>::infinity()}) {
    expect_refused("by.scales: expected finite numbers above 0", [scale](auto& call) {
      call.scales[1] = scale;
      return call.quantize();
    });
  }
  expect_refused("by.zero_points: expected values within the range of the type", [](auto& call) {
    call.zero_points[0] = 256;
    return call.quantize();
  });
  expect_refused("by.zero_points: expected values within the range of the type", [](auto& call) {
    call.zero_points[0] = -1;
    return call.dequantize(OCTAVO_U16);
  });
}

TEST(QuantizeApi, RefusesMemoryThatIsMissingOverlapsOrCannotBe) {
  expect_refused("by: expected a pointer",
                 [](auto& call) { return octavo_quantize(call.in, nullptr, OCTAVO_U8, call.out); });
  expect_refused("by.scales: expected a pointer", [](auto& call) {
    call.by.scales = nullptr;
    return call.quantize();
  });
  expect_refused("in: expected a pointer", [](auto& call) {
    return octavo_quantize(nullptr, &call.by, OCTAVO_U8, call.out);
  });
  expect_refused("out: expected memory apart from in",
                 [](auto& call) { return octavo_quantize(call.in, &call.by, OCTAVO_U8, call.in); });
  expect_refused("by: expected a size that fits memory", [](auto& call) {
    call.by.outer = SIZE_MAX / 2;
    return call.quantize();
  });
  expect_refused("out: expected memory apart from in", [](auto& call) {
    return octavo_pack_nibbles(call.in, 4, reinterpret_cast<uint8_t*>(call.in));
  });
  expect_refused("type: expected OCTAVO_S8 or OCTAVO_U8", [](auto& call) {
    return octavo_unpack_nibbles(call.out, 3, OCTAVO_S16, call.in);
  });
  expect_refused("scales: expected a pointer", [](auto& call) {
    return octavo_quantize_rows(call.in, 1, 4, call.out, nullptr, call.zero_points);
  });
}

TEST(QuantizeApi, ConvertsBetweenFloatsAndTheirHalves) {
  const float in[] = {1, -2.5f, 65504, NAN};
  uint16_t bits[4];
  float back[4];
  for (octavo_type half : {OCTAVO_F16, OCTAVO_BF16}) {
    ASSERT_EQ(octavo_convert(in, OCTAVO_F32, 4, half, bits), OCTAVO_OK) << octavo_last_error();
    ASSERT_EQ(octavo_convert(bits, half, 4, OCTAVO_F32, back), OCTAVO_OK) << octavo_last_error();
    EXPECT_EQ(back[0], in[0]);
    EXPECT_EQ(back[1], in[1]);
    EXPECT_EQ(back[2], half == OCTAVO_F16 ? 65504.0f : 65536.0f);
    EXPECT_TRUE(std::isnan(back[3]));
  }
  EXPECT_EQ(octavo_convert(bits, OCTAVO_F16, 4, OCTAVO_BF16, back), OCTAVO_INVALID_ARGUMENT);
  EXPECT_STREQ(octavo_last_error(), "from, to: expected OCTAVO_F32, and OCTAVO_F16 or BF16");
}

}  // namespace
