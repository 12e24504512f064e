// Integer ops of programs against formulas written out here.
#include <gtest/gtest.h>

#include <cmath>
#include <functional>

#include "altered_words.h"
#include "api/checks.h"
#include "one_op_program.h"
#include "samples.h"

namespace octavo {
namespace {

using test::OneOpProgram;
using test::Samples;

template <typename T>
std::vector<T> as(const std::vector<uint8_t>& bytes) {
  return std::vector<T>(bytes.begin(), bytes.end());
}

float saturated(float y, float low, float high) { return std::fmin(std::fmax(y, low), high); }

std::vector<float> positive_scales(size_t count, Samples& samples) {
  std::vector<float> values(count);
  for (float& value : values) value = static_cast<float>(samples.integer(1, 1000)) / 512.0f;
  return values;
}

struct Channels {
  size_t outer, channels, inner;
  size_t count() const { return outer * channels * inner; }
  size_t of(size_t element) const { return element / inner % channels; }
};

constexpr Channels kChannels[] = {{1, 1, 1},  {1, 1, 33}, {2, 3, 5},  {7, 17, 1},
                                  {1, 64, 9}, {3, 1, 70}, {0, 4, 20}, {1, 1, 20001}};

TEST(ProgramInteger, QuantizesAndDequantizes) {
  Samples samples(201);
  for (const Channels& shape : kChannels) {
    const std::vector<float> scales = positive_scales(shape.channels, samples);
    const std::vector<int32_t> zeros = samples.zero_points(shape.channels, OCTAVO_S8);
    std::vector<float> x(shape.count());
    for (float& value : x) value = static_cast<float>(samples.integer(-40000, 40000)) / 128.0f;
    OneOpProgram quantize("quantize");
    quantize.constant(scales).constant(zeros).input(x).output<int8_t>(x.size());
    quantize.word(OCTAVO_S8).words({shape.outer, shape.channels, shape.inner});
    quantize.run();
    const auto q = quantize.result<int8_t>();
    OneOpProgram dequantize("dequantize");
    dequantize.constant(scales).constant(zeros).input(q).output<float>(x.size());
    dequantize.word(OCTAVO_S8).words({shape.outer, shape.channels, shape.inner});
    dequantize.run();
    const auto y = dequantize.result<float>();
    for (size_t i = 0; i < x.size(); ++i) {
      const size_t c = shape.of(i);
      const float rounded = std::nearbyint(x[i] / scales[c]) + static_cast<float>(zeros[c]);
      ASSERT_EQ(q[i], static_cast<int8_t>(saturated(rounded, -128, 127))) << i;
      ASSERT_EQ(y[i], static_cast<float>(q[i] - zeros[c]) * scales[c]) << i;
    }
  }
}

TEST(ProgramInteger, QuantizesTo16Bits) {
  const std::vector<float> x{-1e9f, -3.5f, 0.5f, 1.5f, 70000.0f};
  OneOpProgram program("quantize");
  program.constant(std::vector<float>{1}).constant(std::vector<int32_t>{40000}).input(x);
  program.output<uint16_t>(5).word(OCTAVO_U16).words({1, 1, 5}).run();
  EXPECT_EQ(program.result<uint16_t>(), (std::vector<uint16_t>{0, 39996, 40000, 40002, 65535}));
}

TEST(ProgramInteger, LooksUpRowsWithStrides) {
  Samples samples(202);
  const std::vector<uint8_t> table = samples.bytes(256, OCTAVO_U8);
  for (const auto& [rows, columns, in_gap, out_gap] :
       std::vector<std::array<size_t, 4>>{{1, 100, 0, 0},
                                          {3, 5, 0, 0},
                                          {4, 33, 2, 0},
                                          {5, 64, 0, 7},
                                          {2, 1, 1, 1},
                                          {0, 5, 0, 0},
                                          {300, 70, 3, 1}}) {
    const size_t in_stride = columns + in_gap, out_stride = columns + out_gap;
    const std::vector<uint8_t> x = samples.bytes(rows * in_stride, OCTAVO_U8);
    OneOpProgram program("byte_table");
    program.constant(table).input(x).output<uint8_t>(rows * out_stride);
    program.words({rows, columns, in_stride, out_stride}).run();
    const auto y = program.result<uint8_t>();
    for (size_t row = 0; row < rows; ++row) {
      for (size_t i = 0; i < out_stride; ++i) {
        const uint8_t expected = i < columns ? table[x[row * in_stride + i]] : 0;
        ASSERT_EQ(y[row * out_stride + i], expected);
      }
    }
  }
}

struct BinaryShapes {
  std::vector<size_t> a, b, out;
};

// Element of a broadcast operand that belongs to element `at` of the result.
size_t broadcast_index(const std::vector<size_t>& shape, const std::vector<size_t>& out,
                       size_t at) {
  size_t index = 0, stride = 1;
  for (size_t i = 0; i < shape.size(); ++i) {
    const size_t size = shape[shape.size() - 1 - i];
    const size_t position = at % out[out.size() - 1 - i];
    at /= out[out.size() - 1 - i];
    if (size != 1) index += position * stride;
    stride *= size;
  }
  return index;
}

size_t product(const std::vector<size_t>& shape) {
  size_t result = 1;
  for (size_t size : shape) result *= size;
  return result;
}

TEST(ProgramInteger, AddsAndMultipliesBroadcastOperands) {
  Samples samples(203);
  const BinaryShapes shapes[] = {
      {{2, 3, 40}, {2, 3, 40}, {2, 3, 40}},
      {{2, 3, 40}, {40}, {2, 3, 40}},
      {{3, 1}, {2, 1, 5}, {2, 3, 5}},
      {{}, {7}, {7}},
      {{1}, {1}, {1}},
      {{4, 0}, {0}, {4, 0}},
  };
  for (const BinaryShapes& shape : shapes) {
    for (const octavo_type type : {OCTAVO_S8, OCTAVO_U8}) {
      const auto a = samples.bytes(product(shape.a), type),
                 b = samples.bytes(product(shape.b), type);
      const std::vector<float> s = positive_scales(3, samples);
      const std::vector<int32_t> z = samples.zero_points(3, type);
      for (int32_t function : {0, 1}) {
        OneOpProgram program("quantized_binary");
        program.input(a).input(b).output<uint8_t>(product(shape.out)).word(function).word(type);
        for (size_t i = 0; i < 3; ++i) program.word(s[i]).word(z[i]);
        program.words({shape.a.size()}).words(shape.a).words({shape.b.size()}).words(shape.b).run();
        const auto y = program.result<uint8_t>();
        const float ra = s[0] / s[2], rb = s[1] / s[2], factor = s[0] * s[1] / s[2];
        const float offset = static_cast<float>(z[2]) -
                             std::fma(ra, static_cast<float>(z[0]), rb * static_cast<float>(z[1]));
        const float low = type == OCTAVO_S8 ? -128.0f : 0.0f;
        for (size_t i = 0; i < y.size(); ++i) {
          const uint8_t a_byte = a[broadcast_index(shape.a, shape.out, i)];
          const uint8_t b_byte = b[broadcast_index(shape.b, shape.out, i)];
          const int32_t p = type == OCTAVO_S8 ? static_cast<int8_t>(a_byte) : a_byte;
          const int32_t q = type == OCTAVO_S8 ? static_cast<int8_t>(b_byte) : b_byte;
          const float sum =
              std::fma(static_cast<float>(p), ra, std::fma(static_cast<float>(q), rb, offset));
          const float scaled = static_cast<float>((p - z[0]) * (q - z[1])) * factor;
          const float exact = function == 0 ? sum : scaled + static_cast<float>(z[2]);
          const float rounded = saturated(std::nearbyint(exact), low, low + 255);
          ASSERT_EQ(y[i], static_cast<uint8_t>(static_cast<int32_t>(rounded))) << i;
        }
      }
    }
  }
}

TEST(ProgramInteger, PoolsBytes) {
  // 1 x 4 x 5 x channels, 3 x 2 windows, strides 2 and 1, padded by 1 at the top and the right.
  Samples samples(204);
  for (size_t channels : {1, 3, 40, 300}) {
    const auto x = samples.bytes(20 * channels, OCTAVO_S8);
    for (int32_t function : {0, 1}) {
      OneOpProgram program("pool");
      program.input(x).output<int8_t>(2 * 5 * channels).word(function).word(OCTAVO_S8);
      if (function == 1) program.word(0.25f).word(-3).word(0.5f).word(7);
      program.words({1, channels, 4, 5, 2, 5, 3, 2, 2, 1, 1, 1, 1, 0, 0, 1, 0}).run();
      const auto y = program.result<int8_t>();
      for (size_t at = 0; at < y.size(); ++at) {
        const size_t c = at % channels, ox = at / channels % 5, oy = at / channels / 5;
        int32_t largest = -128, sum = 0, taps = 0;
        for (size_t ky = 0; ky < 3; ++ky) {
          for (size_t kx = 0; kx < 2; ++kx) {
            const size_t iy = 2 * oy + ky - 1, ix = ox + kx;
            if (iy >= 4 || ix >= 5) continue;
            const int32_t value = static_cast<int8_t>(x[(iy * 5 + ix) * channels + c]);
            largest = std::max(largest, value);
            sum += value + 3;
            ++taps;
          }
        }
        const float factor = 0.25f / (0.5f * static_cast<float>(taps));
        const float mean = std::nearbyint(static_cast<float>(sum) * factor) + 7;
        const float expected =
            function == 0 ? static_cast<float>(largest) : saturated(mean, -128, 127);
        ASSERT_EQ(static_cast<float>(y[at]), expected) << at;
      }
    }
  }
}

TEST(ProgramInteger, QuantizesDynamically) {
  Samples samples(205);
  for (size_t count : {0, 1, 31, 100, 40000}) {
    std::vector<float> x(count);
    for (float& value : x) value = static_cast<float>(samples.integer(-1000, 3000)) / 64.0f;
    OneOpProgram program("dynamic_quantize");
    program.input(x).output<uint8_t>(count).output<float>(1).output<uint8_t>(1).left_out();
    program.words({count, 0, 1}).run();
    float low = 0, high = 0;
    for (float value : x) {
      low = std::fmin(low, value);
      high = std::fmax(high, value);
    }
    const float scale = high == low ? 1.0f : (high - low) / 255.0f;
    const float zero = high == low ? 0.0f : std::nearbyint(saturated(-low / scale, 0, 255));
    EXPECT_EQ(program.result<float>(1)[0], scale);
    EXPECT_EQ(program.result<uint8_t>(2)[0], static_cast<uint8_t>(zero));
    const auto q = program.result<uint8_t>();
    for (size_t i = 0; i < count; ++i) {
      ASSERT_EQ(static_cast<float>(q[i]), saturated(std::nearbyint(x[i] / scale) + zero, 0, 255));
    }
  }
}

TEST(ProgramInteger, QuantizesSequencesByTheRangeOfWhatIsRead) {
  const std::vector<float> x = {-1, 2, 3, -5, 70, -80};
  const auto parameters = [&](std::vector<int32_t> lengths) {
    OneOpProgram program("dynamic_quantize");
    program.input(x).output<uint8_t>(6).output<float>(1).output<uint8_t>(1).input(lengths);
    program.words({6, lengths.size(), 3}).run();
    return std::pair(program.result<float>(1)[0], program.result<uint8_t>(2)[0]);
  };
  EXPECT_EQ(parameters({1, 0}), std::pair(3 / 255.0f, uint8_t{85}));
  EXPECT_EQ(parameters({-7, 2}), std::pair(8 / 255.0f, uint8_t{159}));
  EXPECT_EQ(parameters({9}), std::pair(150 / 255.0f, uint8_t{136}));
  EXPECT_EQ(parameters({0, -1}), std::pair(1.0f, uint8_t{0}));
}

template <typename Packed>
std::shared_ptr<const Packed> owned(Packed* packed, void (*release)(Packed*)) {
  return {packed, release};
}

struct Product {
  size_t m, k, n;
  octavo_type type;
  std::vector<uint8_t> x, w;
  std::vector<int32_t> sums(int32_t zero_point) const {
    std::vector<int32_t> result(m * n);
    for (size_t r = 0; r < m; ++r) {
      for (size_t i = 0; i < k; ++i) {
        const int32_t value = type == OCTAVO_S8 ? static_cast<int8_t>(x[r * k + i]) : x[r * k + i];
        for (size_t c = 0; c < n; ++c) {
          result[r * n + c] += (value - zero_point) * static_cast<int8_t>(w[i * n + c]);
        }
      }
    }
    return result;
  }
};

TEST(ProgramInteger, MultipliesWhatWasQuantizedDynamically) {
  Samples samples(206);
  for (const auto& [m, k, n] :
       std::vector<std::array<size_t, 3>>{{1, 1, 1}, {5, 33, 17}, {16, 64, 100}, {0, 3, 4}}) {
    for (const octavo_type type : {OCTAVO_U8, OCTAVO_S8}) {
      const Product p{m, k, n, type, samples.bytes(m * k, type), samples.bytes(k * n, OCTAVO_S8)};
      const octavo_weights weights{p.w.data(), OCTAVO_S8, k, n, n, 1, nullptr, 0};
      octavo_packed_matrix* made = nullptr;
      ASSERT_EQ(octavo_pack_matrix(&weights, &made), OCTAVO_OK);
      const auto packed = owned(made, octavo_free_packed_matrix);
      const int32_t zero = samples.zero_points(1, type)[0];
      const std::vector<uint8_t> zero_byte{static_cast<uint8_t>(zero)};
      const float scale = 0.37f;
      const auto scales = positive_scales(n, samples), bias = positive_scales(n, samples);
      const auto sums = p.sums(zero);

      OneOpProgram integer("dynamic_matmul");
      integer.left_out().left_out().left_out().input(zero_byte).left_out().input(p.x);
      integer.output<int32_t>(m * n).weights(packed).word(type).words({m}).run();
      ASSERT_EQ(integer.result<int32_t>(), sums);

      OneOpProgram real("dynamic_matmul");
      real.constant(scales).constant(bias).input(std::vector<float>{scale}).input(zero_byte);
      real.output<float>(n).input(p.x).output<float>(m * n);
      real.weights(packed).word(type).words({m}).run();
      const auto y = real.result<float>(1);
      for (size_t i = 0; i < m * n; ++i) {
        const float factor = scale * scales[i % n];
        ASSERT_EQ(y[i], static_cast<float>(sums[i]) * factor + bias[i % n]) << i;
      }
    }
  }
}

TEST(ProgramInteger, ConvolvesWhatWasQuantizedDynamically) {
  Samples samples(207);
  constexpr size_t kIn = 5, kOut = 7, kSize = 6, kOutSize = 4;
  const auto x = samples.bytes(kSize * kSize * kIn, OCTAVO_U8);
  const auto w = samples.bytes(kOut * kIn * 9, OCTAVO_S8);
  octavo_conv2d_weights weights{};
  weights.data = w.data();
  weights.type = OCTAVO_S8;
  weights.out_channels = kOut;
  weights.group_channels = kIn;
  weights.kernel_h = weights.kernel_w = 3;
  weights.groups = 1;
  octavo_packed_conv2d* made = nullptr;
  ASSERT_EQ(octavo_pack_conv2d(&weights, &made), OCTAVO_OK);
  const auto packed = owned(made, octavo_free_packed_conv2d);
  const std::vector<float> scales = positive_scales(1, samples);
  OneOpProgram program("dynamic_conv2d");
  program.constant(scales).left_out().input(std::vector<float>{0.5f});
  program.input(std::vector<uint8_t>{11}).output<float>(kOut).input(x);
  program.output<float>(kOutSize * kOutSize * kOut).weights(packed).word(OCTAVO_U8);
  program.words({1, 1, 1, kSize, kSize, 1, 1, 1, 1, 0, 0, 0, 0}).run();
  const auto y = program.result<float>(1);
  for (size_t at = 0; at < y.size(); ++at) {
    const size_t c = at % kOut, ox = at / kOut % kOutSize, oy = at / kOut / kOutSize;
    int32_t sum = 0;
    for (size_t tap = 0; tap < 9; ++tap) {
      const size_t pixel = (oy + tap / 3) * kSize + ox + tap % 3;
      for (size_t i = 0; i < kIn; ++i) {
        sum += (x[pixel * kIn + i] - 11) * static_cast<int8_t>(w[(c * kIn + i) * 9 + tap]);
      }
    }
    ASSERT_EQ(y[at], static_cast<float>(sum) * (0.5f * scales[0])) << at;
  }
}

// Every op of this file with one word changed: refused, or within its memory (sanitizers watch).
TEST(ProgramInteger, SurvivesRandomWords) {
  Samples samples(208);
  const std::vector<uint8_t> table = samples.bytes(256, OCTAVO_U8),
                             x = samples.bytes(60, OCTAVO_U8);
  const std::vector<float> floats(60, 1.5f), scales{1, 2, 3};
  const std::vector<int32_t> zeros{1, 2, 3};
  const std::function<OneOpProgram()> makers[] = {
      [&] {
        OneOpProgram op("byte_table");
        op.constant(table).input(x).output<uint8_t>(60).words({6, 10, 10, 10});
        return op;
      },
      [&] {
        OneOpProgram op("quantize");
        op.constant(scales).constant(zeros).input(floats).output<uint8_t>(60);
        op.word(OCTAVO_U8).words({2, 3, 10});
        return op;
      },
      [&] {
        OneOpProgram op("dequantize");
        op.constant(scales).constant(zeros).input(x).output<float>(60);
        op.word(OCTAVO_U8).words({2, 3, 10});
        return op;
      },
      [&] {
        OneOpProgram op("quantized_binary");
        op.input(x).input(x).output<uint8_t>(60).word(0).word(OCTAVO_U8);
        for (int i = 0; i < 3; ++i) op.word(0.5f).word(3);
        op.words({2, 6, 10, 2, 6, 10});
        return op;
      },
      [&] {
        OneOpProgram op("pool");
        op.input(x).output<uint8_t>(60).word(1).word(OCTAVO_U8).word(0.5f).word(3).word(0.5f);
        op.word(3).words({1, 3, 4, 5, 4, 5, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0});
        return op;
      },
      [&] {
        OneOpProgram op("dynamic_quantize");
        op.input(floats).output<uint8_t>(60).output<float>(1).output<uint8_t>(1).left_out();
        op.words({60, 0, 1});
        return op;
      },
      [&] {
        OneOpProgram op("dynamic_quantize");
        op.input(floats).output<uint8_t>(60).output<float>(1).output<uint8_t>(1);
        op.input(std::vector<int32_t>{3, 1}).words({60, 2, 5});
        return op;
      },
  };
  for (const auto& make : makers) {
    ASSERT_NO_THROW(make().run());
    EXPECT_GT(test::refused_when_altered(make, samples, 70), 10u);
  }
}

}  // namespace
}  // namespace octavo
