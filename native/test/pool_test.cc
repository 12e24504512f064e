#include "pool/pool.h"

#include <cmath>
#include <functional>
#include <vector>

#include "every_tier.h"
#include "samples.h"

namespace octavo {
namespace {

PoolShape random_shape(test::Samples& samples) {
  const auto size = [&samples](int low, int high) {
    return static_cast<size_t>(samples.integer(low, high));
  };
  PoolShape shape{};
  shape.batch = size(1, 2);
  shape.channels = samples.integer(0, 9) == 0 ? size(255, 300) : size(1, 70);
  shape.height = size(7, 9);
  shape.width = size(7, 9);
  shape.kernel_h = size(1, 4);
  shape.kernel_w = size(1, 4);
  shape.stride_h = size(1, 3);
  shape.stride_w = size(1, 3);
  shape.dilation_h = size(1, 2);
  shape.dilation_w = size(1, 2);
  shape.pad_top = size(0, static_cast<int>(shape.kernel_h) - 1);
  shape.pad_left = size(0, static_cast<int>(shape.kernel_w) - 1);
  shape.pad_bottom = size(0, static_cast<int>(shape.kernel_h) - 1);
  shape.pad_right = size(0, static_cast<int>(shape.kernel_w) - 1);
  shape.count_padding = samples.integer(0, 1) == 1;
  const auto outputs = [](size_t padded, size_t kernel, size_t dilation, size_t stride) {
    return (padded - (kernel - 1) * dilation - 1) / stride + 1;
  };
  shape.out_height = outputs(shape.height + shape.pad_top + shape.pad_bottom, shape.kernel_h,
                             shape.dilation_h, shape.stride_h);
  shape.out_width = outputs(shape.width + shape.pad_left + shape.pad_right, shape.kernel_w,
                            shape.dilation_w, shape.stride_w);
  return shape;
}

// Calls use(input elements within the image, taps in all, output element) for every output element.
void for_each_output(const PoolShape& shape,
                     const std::function<void(const std::vector<size_t>&, size_t, size_t)>& use) {
  size_t out = 0;
  for (size_t image = 0; image < shape.batch; ++image) {
    for (size_t y = 0; y < shape.out_height; ++y) {
      for (size_t x = 0; x < shape.out_width; ++x) {
        for (size_t c = 0; c < shape.channels; ++c, ++out) {
          std::vector<size_t> taps;
          for (size_t ky = 0; ky < shape.kernel_h; ++ky) {
            for (size_t kx = 0; kx < shape.kernel_w; ++kx) {
              const size_t iy = y * shape.stride_h + ky * shape.dilation_h - shape.pad_top;
              const size_t ix = x * shape.stride_w + kx * shape.dilation_w - shape.pad_left;
              if (iy >= shape.height || ix >= shape.width) continue;
              taps.push_back(((image * shape.height + iy) * shape.width + ix) * shape.channels + c);
            }
          }
          use(taps, shape.count_padding ? shape.kernel_h * shape.kernel_w : taps.size(), out);
        }
      }
    }
  }
}

size_t inputs(const PoolShape& shape) {
  return shape.batch * shape.height * shape.width * shape.channels;
}
size_t outputs(const PoolShape& shape) {
  return shape.batch * shape.out_height * shape.out_width * shape.channels;
}

template <typename T>
void expect_maximum(const PoolShape& shape, const std::vector<T>& x, octavo_type type) {
  test::on_every_tier([&](IsaSet isa) {
    std::vector<T> y(outputs(shape));
    max_pool(x.data(), type, shape, y.data(), isa);
    for_each_output(shape, [&](const std::vector<size_t>& taps, size_t, size_t out) {
      T largest = std::numeric_limits<T>::lowest();
      for (size_t tap : taps) largest = std::max(largest, x[tap]);
      ASSERT_EQ(y[out], largest) << out;
    });
  });
}

TEST(MaxPool, FindsTheLargestOfEveryWindow) {
  test::Samples samples(101);
  for (int round = 0; round < 40; ++round) {
    const PoolShape shape = random_shape(samples);
    const std::vector<uint8_t> bytes = samples.bytes(inputs(shape), OCTAVO_U8);
    const std::vector<int8_t> integers(bytes.begin(), bytes.end());
    std::vector<float> floats(integers.begin(), integers.end());
    expect_maximum(shape, bytes, OCTAVO_U8);
    expect_maximum(shape, integers, OCTAVO_S8);
    expect_maximum(shape, floats, OCTAVO_F32);
    if (HasFatalFailure()) return;
  }
}

TEST(MaxPool, TakesWindowsFarWiderThanTheImage) {
  test::Samples samples(104);
  PoolShape shape{};
  shape.channels = 5;
  shape.height = shape.out_height = 3;
  shape.width = 9;
  shape.kernel_h = 1;
  shape.kernel_w = 2;
  shape.dilation_w = shape.pad_left = shape.pad_right = 100;
  shape.out_width = 109;
  const std::vector<uint8_t> x = samples.bytes(inputs(shape), OCTAVO_U8);
  expect_maximum(shape, x, OCTAVO_U8);
}

TEST(MaxPool, GivesTheLowestNumberForWindowsOfPaddingAlone) {
  test::Samples samples(105);
  PoolShape shape{};
  shape.batch = shape.kernel_h = shape.stride_h = shape.stride_w = 1;
  shape.dilation_h = shape.dilation_w = 1;
  shape.channels = 5;
  shape.height = shape.out_height = 3;
  shape.width = 9;
  shape.kernel_w = shape.out_width = 2;
  shape.pad_left = 5;
  const std::vector<uint8_t> x = samples.bytes(inputs(shape), OCTAVO_U8);
  expect_maximum(shape, x, OCTAVO_U8);
}

// No memory backs the width of an empty image.
TEST(MaxPool, TakesNoMemoryForWidthsOfEmptyImages) {
  PoolShape shape{};
  shape.batch = shape.channels = shape.kernel_h = shape.stride_h = shape.stride_w = 1;
  shape.dilation_h = 1;
  shape.out_height = shape.out_width = 1;
  shape.kernel_w = 2;
  shape.width = shape.dilation_w = size_t{1} << 40;
  test::on_every_tier([&](IsaSet isa) {
    int8_t y = 0;
    ASSERT_NO_THROW(max_pool(nullptr, OCTAVO_S8, shape, &y, isa));
    EXPECT_EQ(y, -128);
  });
  shape.height = 1;
  shape.channels = 0;
  EXPECT_NO_THROW(max_pool(nullptr, OCTAVO_S8, shape, nullptr));
}

TEST(AveragePool, DividesSumsByTheNumberOfTaps) {
  test::Samples samples(102);
  for (int round = 0; round < 30; ++round) {
    const PoolShape shape = random_shape(samples);
    std::vector<float> x(inputs(shape));
    for (float& value : x) value = static_cast<float>(samples.integer(-1000, 1000)) / 8.0f;
    test::on_every_tier([&](IsaSet isa) {
      std::vector<float> y(outputs(shape));
      average_pool(x.data(), shape, y.data(), isa);
      for_each_output(shape, [&](const std::vector<size_t>& taps, size_t count, size_t out) {
        float sum = 0;
        for (size_t tap : taps) sum += x[tap];
        const float expected = sum / static_cast<float>(count);
        ASSERT_TRUE(y[out] == expected || (std::isnan(expected) && std::isnan(y[out])));
      });
    });
    if (HasFatalFailure()) return;
  }
}

template <typename T>
void expect_quantized_average(const PoolShape& shape, octavo_type type, test::Samples& samples) {
  const std::vector<uint8_t> x = samples.bytes(inputs(shape), type);
  const QuantizationParameters from{0.25f, samples.zero_points(1, type)[0]};
  const QuantizationParameters to{samples.integer(0, 1) == 0 ? 0.25f : 0.33f,
                                  samples.zero_points(1, type)[0]};
  test::on_every_tier([&](IsaSet isa) {
    std::vector<T> y(outputs(shape));
    quantized_average_pool(x.data(), type, from, to, shape, y.data(), isa);
    for_each_output(shape, [&](const std::vector<size_t>& taps, size_t count, size_t out) {
      if (count == 0) return;
      int32_t sum = 0;
      for (size_t tap : taps) sum += static_cast<T>(x[tap]) - from.zero_point;
      const float scale = from.scale / (to.scale * static_cast<float>(count));
      const float rounded =
          std::nearbyint(static_cast<float>(sum) * scale) + static_cast<float>(to.zero_point);
      const float low = std::numeric_limits<T>::lowest(), high = std::numeric_limits<T>::max();
      ASSERT_EQ(y[out], static_cast<T>(std::fmin(std::fmax(rounded, low), high)));
    });
  });
}

TEST(QuantizedAveragePool, EqualsTheFormula) {
  test::Samples samples(103);
  for (int round = 0; round < 40; ++round) {
    const PoolShape shape = random_shape(samples);
    if (round % 2 == 0) {
      expect_quantized_average<uint8_t>(shape, OCTAVO_U8, samples);
    } else {
      expect_quantized_average<int8_t>(shape, OCTAVO_S8, samples);
    }
    if (HasFatalFailure()) return;
  }
}

}  // namespace
}  // namespace octavo
