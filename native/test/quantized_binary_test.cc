#include "quantize/quantized_binary.h"

#include <cmath>
#include <vector>

#include "every_tier.h"
#include "samples.h"

namespace octavo {
namespace {

struct Operands {
  octavo_type type;
  std::vector<uint8_t> a, b;
  QuantizationParameters a_by, b_by, out_by;

  int32_t value(uint8_t byte) const { return type == OCTAVO_S8 ? static_cast<int8_t>(byte) : byte; }
  uint8_t saturated(float y) const {
    const float low = type == OCTAVO_S8 ? -128.0f : 0.0f;
    return static_cast<uint8_t>(
        static_cast<int32_t>(std::fmin(std::fmax(std::nearbyint(y), low), low + 255.0f)));
  }
  uint8_t sum(uint8_t a_byte, uint8_t b_byte) const {
    const float ra = a_by.scale / out_by.scale, rb = b_by.scale / out_by.scale;
    const float offset =
        static_cast<float>(out_by.zero_point) -
        std::fma(ra, static_cast<float>(a_by.zero_point), rb * static_cast<float>(b_by.zero_point));
    return saturated(std::fma(static_cast<float>(value(a_byte)), ra,
                              std::fma(static_cast<float>(value(b_byte)), rb, offset)));
  }
  uint8_t product(uint8_t a_byte, uint8_t b_byte) const {
    const float factor = a_by.scale * b_by.scale / out_by.scale;
    const int32_t integer = (value(a_byte) - a_by.zero_point) * (value(b_byte) - b_by.zero_point);
    const float scaled = static_cast<float>(integer) * factor;
    return saturated(scaled + static_cast<float>(out_by.zero_point));
  }
};

Operands operands(octavo_type type, size_t a_count, size_t b_count, bool ties,
                  test::Samples& samples) {
  const auto parameters = [&] {
    const float scale = ties ? 1.0f / static_cast<float>(1 << samples.integer(0, 3))
                             : static_cast<float>(samples.integer(1, 1000)) / 5000.0f;
    return QuantizationParameters{scale, samples.zero_points(1, type)[0]};
  };
  return {type,
          samples.bytes(a_count, type),
          samples.bytes(b_count, type),
          parameters(),
          parameters(),
          parameters()};
}

TEST(QuantizedBinary, EqualsTheFormulasForEveryStepAndLength) {
  test::Samples samples(91);
  for (size_t count : {1, 5, 31, 32, 33, 64, 100, 127, 20000}) {
    for (size_t kind = 0; kind < 12; ++kind) {
      const octavo_type type = kind % 2 == 0 ? OCTAVO_U8 : OCTAVO_S8;
      const std::vector<size_t> a_shape = {kind / 4 == 1 ? 1 : count};
      const std::vector<size_t> b_shape = {kind / 4 == 2 ? 1 : count};
      const Operands data = operands(type, a_shape[0], b_shape[0], kind / 2 % 2 == 0, samples);
      test::on_every_tier([&](IsaSet isa) {
        std::vector<uint8_t> sum(count), product(count);
        QuantizedBinaryArgs args{data.a.data(), data.b.data(), sum.data(), type,
                                 data.a_by,     data.b_by,     data.out_by};
        quantized_add(args, *broadcast(a_shape, b_shape), isa);
        args.out = product.data();
        quantized_mul(args, *broadcast(a_shape, b_shape), isa);
        for (size_t i = 0; i < count; ++i) {
          const uint8_t a = data.a[i % a_shape[0]], b = data.b[i % b_shape[0]];
          ASSERT_EQ(sum[i], data.sum(a, b)) << i;
          ASSERT_EQ(product[i], data.product(a, b)) << i;
        }
      });
      if (HasFatalFailure()) return;
    }
  }
}

TEST(QuantizedBinary, MayOverwriteAnOperand) {
  test::Samples samples(92);
  const std::vector<size_t> shape = {200};
  Operands data = operands(OCTAVO_U8, 200, 200, false, samples);
  test::on_every_tier([&](IsaSet isa) {
    std::vector<uint8_t> out = data.a;
    quantized_add(
        {out.data(), data.b.data(), out.data(), OCTAVO_U8, data.a_by, data.b_by, data.out_by},
        *broadcast(shape, shape), isa);
    for (size_t i = 0; i < 200; ++i) ASSERT_EQ(out[i], data.sum(data.a[i], data.b[i]));
  });
}

}  // namespace
}  // namespace octavo
