#include "quantize/quantize.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <vector>

#include "base/half.h"
#include "every_tier.h"
#include "quantize/streamed_output.h"
#include "samples.h"

namespace octavo {
namespace {

struct Limits {
  octavo_type type;
  int32_t lowest, highest;
  size_t bytes;
};
constexpr Limits kTypes[] = {{OCTAVO_U8, 0, 255, 1},
                             {OCTAVO_S8, -128, 127, 1},
                             {OCTAVO_U16, 0, 65535, 2},
                             {OCTAVO_S16, -32768, 32767, 2}};

int32_t element(const std::vector<uint8_t>& bytes, const Limits& type, size_t i) {
  if (type.bytes == 1) return type.type == OCTAVO_S8 ? static_cast<int8_t>(bytes[i]) : bytes[i];
  uint16_t value;
  std::memcpy(&value, &bytes[2 * i], 2);
  return type.type == OCTAVO_S16 ? static_cast<int16_t>(value) : value;
}

// docs/numerics.md, one element: the sum is exact in float64.
int32_t quantized(float x, float scale, int32_t zero_point, const Limits& type) {
  if (std::isnan(x)) return type.lowest;
  const double y = static_cast<double>(std::nearbyint(x / scale)) + zero_point;
  return static_cast<int32_t>(std::fmin(std::fmax(y, type.lowest), type.highest));
}

struct Tensor {
  size_t outer, channels, inner;
};
constexpr Tensor kTensors[] = {{1, 1, 1},  {1, 1, 3001},  {2, 3, 50}, {7, 45, 1},
                               {1, 5, 33}, {40000, 1, 1}, {3, 1, 0}};

// A third of them ties, and every special value.
std::vector<float> floats(size_t count, test::Samples& samples) {
  const float special[] = {NAN, INFINITY, -INFINITY, 3e38f, -3e38f, 0.0f, -0.0f, 1e-40f};
  std::vector<float> values(count);
  for (size_t i = 0; i < count; ++i) {
    values[i] = i % 3 == 0 ? static_cast<float>(samples.integer(-1200, 1200)) / 8.0f
                           : static_cast<float>(samples.integer(-100000, 100000)) / 777.0f;
    if (i % 31 == 5) values[i] = special[i / 31 % 8];
  }
  return values;
}

struct Parameters {
  std::vector<float> scales;
  std::vector<int32_t> zero_points;
  Parameters(size_t channels, const Limits& type, test::Samples& samples) {
    for (size_t i = 0; i < channels; ++i) {
      scales.push_back(i % 2 == 0 ? 0.25f : static_cast<float>(samples.integer(1, 900)) / 1000.0f);
      zero_points.push_back(samples.integer(type.lowest, type.highest));
    }
  }
};

TEST(Quantize, IsExactForEveryTypeAndGranularity) {
  test::Samples samples(81);
  for (const Limits& type : kTypes) {
    for (const Tensor& shape : kTensors) {
      const Parameters by(shape.channels, type, samples);
      const size_t count = shape.outer * shape.channels * shape.inner;
      const std::vector<float> x = floats(count, samples);
      test::on_every_tier([&](IsaSet isa) {
        std::vector<uint8_t> y(count * type.bytes + 1, 0xAB);
        quantize(
            x.data(),
            {shape.outer, shape.channels, shape.inner, by.scales.data(), by.zero_points.data()},
            type.type, y.data(), isa);
        for (size_t i = 0; i < count; ++i) {
          const size_t channel = i / shape.inner % shape.channels;
          ASSERT_EQ(element(y, type, i),
                    quantized(x[i], by.scales[channel], by.zero_points[channel], type))
              << x[i];
        }
        ASSERT_EQ(y.back(), 0xAB);
      });
      if (HasFatalFailure()) return;
    }
  }
}

// Around every tie, and scales for which quotients are made of products, those for which they are
// not (a product would round 61610.5 of the last one wrongly), and those on the border.
TEST(Quantize, DividesExactlyAroundTies) {
  const float all_ones = std::bit_cast<float>(0x3C7FFFFF);
  const float scales[] = {0.1f, 1.0f / 3, 0.0078431f, 1.9999999f, all_ones, 1e-30f, 3e30f, 0x1p-60f,
                          0x1.5p-60f, 0x1p60f, 0x1.8p-61f, 1e-39f,
                          0x1.50a9fep+0f};
  for (const Limits& type : kTypes) {
    for (const float scale : scales) {
      std::vector<float> x;
      for (const int middle : {0, 32767, -32767, 61610, 65535, -65535}) {
        for (int k = middle - 150; k <= middle + 150; ++k) {
          const float tie = (static_cast<float>(k) + 0.5f) * scale;
          x.insert(x.end(), {std::nextafter(tie, -INFINITY), tie, std::nextafter(tie, INFINITY)});
        }
      }
      x.insert(x.end(), {NAN, INFINITY, -INFINITY, 3e38f, -3e38f});
      // In front of whole vectors too.
      x.resize(x.size() + 64, -INFINITY);
      for (const int32_t zero_point : {type.lowest, type.lowest + 9, type.highest}) {
        test::on_every_tier([&](IsaSet isa) {
          std::vector<uint8_t> y(x.size() * type.bytes);
          quantize(x.data(), {1, 1, x.size(), &scale, &zero_point}, type.type, y.data(), isa);
          for (size_t i = 0; i < x.size(); ++i) {
            ASSERT_EQ(element(y, type, i), quantized(x[i], scale, zero_point, type))
                << x[i] << " by " << scale;
          }
        });
        if (HasFatalFailure()) return;
      }
    }
  }
}

// Quotients that are int32, while with the zero point they are not.
TEST(Quantize, LimitsSumsBeyondInt32) {
  const float scale = 1;
  for (const Limits& type : kTypes) {
    for (const float x : {2147483520.0f, 2147418112.0f, -2147483648.0f, 4294967296.0f}) {
      const std::vector<float> all(1024, x);
      for (const int32_t zero_point : {type.lowest, type.highest}) {
        test::on_every_tier([&](IsaSet isa) {
          std::vector<uint8_t> y(all.size() * type.bytes);
          quantize(all.data(), {1, 1, all.size(), &scale, &zero_point}, type.type, y.data(), isa);
          for (size_t i = 0; i < all.size(); ++i) {
            ASSERT_EQ(element(y, type, i), quantized(x, scale, zero_point, type)) << x;
          }
        });
        if (HasFatalFailure()) return;
      }
    }
  }
}

TEST(StreamedOutput, WritesWhatItIsGivenAndNothingElse) {
  test::Samples samples(84);
  for (size_t count : {0, 1, 15, 16, 17, 63, 64, 65, 4096, 5000, 9001}) {
    for (size_t first : {1, 2, 15, 16}) {
      std::vector<float> out(first + count + 16, 5.0f);
      const std::vector<int32_t> from = samples.integers(count, -1000, 1000);
      write_elements(out.data() + first, count, true, [&](size_t begin, size_t size, float* to) {
        for (size_t i = 0; i < size; ++i) to[i] = static_cast<float>(from[begin + i]);
      });
      for (size_t i = 0; i < out.size(); ++i) {
        const bool inside = i >= first && i < first + count;
        ASSERT_EQ(out[i], inside ? static_cast<float>(from[i - first]) : 5.0f) << i;
      }
    }
  }
}

TEST(StreamedOutput, TakesLargeFloatResults) {
  const size_t count = (size_t{1} << 22) + 5;
  test::Samples samples(85);
  const std::vector<uint8_t> q = samples.bytes(count, OCTAVO_U8);
  std::vector<uint16_t> halves(count);
  for (size_t i = 0; i < count; ++i) halves[i] = static_cast<uint16_t>((q[i] << 7) | (i & 127));
  const float scale = 0.5f;
  const int32_t zero_point = 3;
  std::vector<float> out(count + 2, 7.0f);
  dequantize(q.data(), OCTAVO_U8, {1, 1, count, &scale, &zero_point}, out.data() + 1);
  for (size_t i = 0; i < count; ++i) {
    ASSERT_EQ(out[i + 1], static_cast<float>(q[i] - zero_point) * scale) << i;
  }
  half_to_floats(halves.data(), count, out.data() + 1);
  for (size_t i = 0; i < count; ++i) {
    const float expected = half_to_float(halves[i]);
    ASSERT_TRUE(out[i + 1] == expected || std::isnan(expected)) << i;
  }
  ASSERT_EQ(out.front(), 7.0f);
  ASSERT_EQ(out.back(), 7.0f);
}

// The same as by parts that are not.
TEST(StreamedOutput, TakesLargeNarrowResults) {
  const size_t columns = 1001, rows = (size_t{1} << 24) / columns + 1, count = rows * columns;
  std::vector<float> x(count);
  for (size_t i = 0; i < count; ++i) x[i] = static_cast<float>(i * 37 % 2003) / 8 - 100;
  const float scale = 0.75f;
  const int32_t zero_point = 100;
  const auto expect_same = [&](size_t bytes, auto convert) {
    constexpr uint8_t kBeyond = 0xAB;
    std::vector<uint8_t> whole(count * bytes + 1, kBeyond), parts(whole);
    convert(size_t{0}, rows, whole.data());
    constexpr size_t kPart = 1000;
    for (size_t row = 0; row < rows; row += kPart) {
      convert(row, std::min(kPart, rows - row), &parts[row * columns * bytes]);
    }
    EXPECT_TRUE(whole == parts);
  };
  expect_same(1, [&](size_t row, size_t height, uint8_t* to) {
    quantize(&x[row * columns], {1, 1, height * columns, &scale, &zero_point}, OCTAVO_U8, to);
  });
  std::vector<float> scales(rows);
  std::vector<int32_t> zero_points(rows);
  expect_same(1, [&](size_t row, size_t height, uint8_t* to) {
    quantize_rows(&x[row * columns], height, columns, to, &scales[row], &zero_points[row]);
  });
  expect_same(2, [&](size_t row, size_t height, uint8_t* to) {
    floats_to_bfloat(&x[row * columns], height * columns, reinterpret_cast<uint16_t*>(to));
  });
}

TEST(Quantize, TakesTensorsLargerThanCaches) {
  const size_t columns = 1001, rows = (size_t{1} << 22) / columns + 1, count = rows * columns;
  std::vector<float> x(count);
  for (size_t i = 0; i < count; ++i) x[i] = static_cast<float>(i * 37 % 2003) / 8 - 100;
  const float scale = 0.75f;
  const int32_t zero_point = 100;
  test::on_every_tier([&](IsaSet isa) {
    std::vector<uint8_t> y(count + 1, 0xAB);
    quantize(x.data(), {1, 1, count, &scale, &zero_point}, OCTAVO_U8, y.data(), isa);
    for (size_t i = 0; i < count; ++i) {
      ASSERT_EQ(y[i], quantized(x[i], scale, zero_point, kTypes[0])) << i;
    }
    std::vector<float> scales(rows);
    std::vector<int32_t> zero_points(rows);
    quantize_rows(x.data(), rows, columns, y.data(), scales.data(), zero_points.data(), isa);
    for (size_t i = 0; i < count; ++i) {
      const size_t row = i / columns;
      ASSERT_EQ(y[i], quantized(x[i], scales[row], zero_points[row], kTypes[0])) << i;
    }
    for (size_t row = 0; row < rows; row += 17) {
      ASSERT_EQ(scales[row], dynamic_parameters(&x[row * columns], columns, isa).scale);
    }
    ASSERT_EQ(y.back(), 0xAB);
  });
}

TEST(Dequantize, IsExactForEveryTypeAndGranularity) {
  test::Samples samples(82);
  for (const Limits& type : kTypes) {
    for (const Tensor& shape : kTensors) {
      const Parameters by(shape.channels, type, samples);
      const size_t count = shape.outer * shape.channels * shape.inner;
      const std::vector<uint8_t> q = samples.bytes(count * type.bytes + 1, OCTAVO_U8);
      test::on_every_tier([&](IsaSet isa) {
        std::vector<float> x(count + 1, 5.0f);
        dequantize(
            q.data(), type.type,
            {shape.outer, shape.channels, shape.inner, by.scales.data(), by.zero_points.data()},
            x.data(), isa);
        for (size_t i = 0; i < count; ++i) {
          const size_t channel = i / shape.inner % shape.channels;
          ASSERT_EQ(x[i], static_cast<float>(element(q, type, i) - by.zero_points[channel]) *
                              by.scales[channel]);
        }
        ASSERT_EQ(x.back(), 5.0f);
      });
      if (HasFatalFailure()) return;
    }
  }
}

TEST(Dequantize, RoundsLargeIntegersToNearestEven) {
  test::Samples samples(83);
  const std::vector<int32_t> q = samples.integers(1000, INT32_MIN, INT32_MAX);
  const float scale = 0.03f;
  const int32_t zero_point = 0;
  test::on_every_tier([&](IsaSet isa) {
    std::vector<float> x(q.size());
    dequantize(q.data(), OCTAVO_S32, {1, 1, q.size(), &scale, &zero_point}, x.data(), isa);
    for (size_t i = 0; i < q.size(); ++i) ASSERT_EQ(x[i], static_cast<float>(q[i]) * scale);
  });
}

TEST(DynamicQuantize, FollowsTheFormulaOfOnnx) {
  test::on_every_tier([](IsaSet isa) {
    const std::vector<float> zeros(70, 0.0f);
    EXPECT_EQ(dynamic_parameters(zeros.data(), zeros.size(), isa).scale, 1.0f);
    EXPECT_EQ(dynamic_parameters(zeros.data(), 0, isa).zero_point, 0);
    const float mixed[] = {NAN, -1.5f, 0.3f, NAN, 3.0f};
    const QuantizationParameters by = dynamic_parameters(mixed, 5, isa);
    EXPECT_EQ(by.scale, 4.5f / 255.0f);
    EXPECT_EQ(by.zero_point, static_cast<int32_t>(std::nearbyint(1.5f / (4.5f / 255.0f))));
    const float positive[] = {2.0f, 5.1f};
    EXPECT_EQ(dynamic_parameters(positive, 2, isa).zero_point, 0);
    EXPECT_EQ(dynamic_parameters(positive, 2, isa).scale, 5.1f / 255.0f);
    const float infinite[] = {-INFINITY, 1.0f};
    EXPECT_EQ(dynamic_parameters(infinite, 2, isa).zero_point, 0);
  });
}

TEST(DynamicQuantize, FindsTheExtremesWhereverTheyAre) {
  test::on_every_tier([](IsaSet isa) {
    for (size_t at = 0; at < 150; ++at) {
      std::vector<float> x(150, 0.5f);
      x[at] = -2.0f;
      x[(at + 75) % 150] = 8.0f;
      ASSERT_EQ(dynamic_parameters(x.data(), x.size(), isa).scale, 10.0f / 255.0f);
    }
  });
}

TEST(DynamicQuantize, GivesRowsTheirOwnParameters) {
  test::Samples samples(84);
  const size_t rows = 5, columns = 67;
  std::vector<float> x(rows * columns);
  for (float& value : x) value = static_cast<float>(samples.integer(-3000, 3000)) / 100.0f;
  test::on_every_tier([&](IsaSet isa) {
    std::vector<uint8_t> y(x.size()), expected(columns);
    std::vector<float> scales(rows);
    std::vector<int32_t> zero_points(rows);
    quantize_rows(x.data(), rows, columns, y.data(), scales.data(), zero_points.data(), isa);
    for (size_t row = 0; row < rows; ++row) {
      const auto by = dynamic_parameters(&x[row * columns], columns, isa);
      ASSERT_EQ(scales[row], by.scale);
      ASSERT_EQ(zero_points[row], by.zero_point);
      for (size_t i = 0; i < columns; ++i) {
        ASSERT_EQ(y[row * columns + i],
                  quantized(x[row * columns + i], by.scale, by.zero_point, kTypes[0]));
      }
    }
  });
}

}  // namespace
}  // namespace octavo
