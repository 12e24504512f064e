#include "conv/depthwise_3x3.h"

#include <cmath>
#include <limits>

#include "every_quad_kernel.h"

namespace octavo {
namespace {

using test::Layer;

void expect_exact_in_place(const Layer& layer, test::Samples& samples) {
  const KernelShape kernel{layer.channels, 1, 3, 3, layer.channels};
  octavo_conv2d_args args = test::arguments(layer);
  args.epilogue.scales = &layer.scale;
  args.epilogue.scale_count = 1;
  ASSERT_TRUE(depthwise_3x3_fits(args, ConvShape(args, kernel, 1, 1)));
  test::expect_exact_quads(layer, samples);
}

TEST(Depthwise3x3, IsExactForAnyNumberOfChannelsAndTypes) {
  test::Samples samples(81);
  for (size_t channels : {16, 24, 31, 32, 48, 64, 65, 80, 96, 97, 127, 144, 191}) {
    for (octavo_type output : {OCTAVO_U8, OCTAVO_S8}) {
      for (octavo_type input : {OCTAVO_U8, OCTAVO_S8}) {
        for (size_t stride : {1, 2}) {
          Layer layer;
          layer.channels = channels;
          layer.output = output;
          layer.input = input;
          layer.stride = stride;
          layer.per_channel = channels % 2 == 0;
          for (bool limited : {true, false}) {
            layer.limited = limited;
            expect_exact_in_place(layer, samples);
            if (HasFatalFailure()) return;
          }
        }
      }
    }
  }
}

TEST(Depthwise3x3, IsExactForRandomGeometry) {
  test::Samples samples(82);
  const auto size = [&samples](int low, int high) {
    return static_cast<size_t>(samples.integer(low, high));
  };
  for (int round = 0; round < 300; ++round) {
    Layer layer;
    layer.channels = round % 2 == 0 ? 16 * size(1, 9) : size(16, 200);
    layer.stride = size(1, 2);
    layer.dilation_h = size(1, 3);
    layer.pad_top = size(0, 7);
    layer.pad_left = size(0, 7);
    layer.pad_bottom = size(0, 7);
    layer.pad_right = size(0, 7);
    layer.height = size(7, 12);
    layer.width = layer.pad_left + layer.pad_right < 2 ? size(3, 20) : size(1, 20);
    layer.batch = size(1, 2);
    layer.input = round % 3 == 0 ? OCTAVO_S8 : OCTAVO_U8;
    layer.limited = round % 4 < 2;
    expect_exact_in_place(layer, samples);
    if (HasFatalFailure()) return;
  }
}

TEST(Depthwise3x3, IsExactAtTheExtremes) {
  test::Samples samples(83);
  for (test::Fill fill : test::kFills) {
    for (octavo_type type : {OCTAVO_U8, OCTAVO_S8}) {
      for (size_t stride : {1, 2}) {
        Layer layer;
        layer.channels = 96;
        layer.fill = fill;
        layer.input = layer.output = type;
        layer.stride = stride;
        layer.limited = false;
        expect_exact_in_place(layer, samples);
        if (HasFatalFailure()) return;
      }
    }
  }
}

TEST(Depthwise3x3, SaturatesTheLargestProductsWithScales) {
  test::Samples samples(84);
  const float nearly_one = std::nextafter(1.0f, 0.0f);
  for (float scale : {nearly_one, -nearly_one, 1e-6f, 1e-9f}) {
    for (octavo_type output : {OCTAVO_U8, OCTAVO_S8}) {
      Layer layer;
      layer.channels = 128;
      layer.output = output;
      layer.largest_bias = std::numeric_limits<int32_t>::max();
      layer.scale = scale;
      expect_exact_in_place(layer, samples);
      if (HasFatalFailure()) return;
    }
  }
}

TEST(Depthwise3x3, LeavesToOthersWhatItDoesNotCompute) {
  const KernelShape kernel{64, 1, 3, 3, 64};
  const auto fits = [](const Layer& layer, const KernelShape& shape) {
    octavo_conv2d_args args = test::arguments(layer);
    args.epilogue.scales = &layer.scale;
    args.epilogue.scale_count = 1;
    return depthwise_3x3_fits(args, ConvShape(args, shape, 1, 1));
  };
  Layer layer;
  EXPECT_TRUE(fits(layer, kernel));
  EXPECT_FALSE(fits(layer, {64, 1, 3, 5, 64}));
  layer.stride = 3;
  EXPECT_FALSE(fits(layer, kernel));
  layer = {};
  layer.dilation_w = 2;
  EXPECT_FALSE(fits(layer, kernel));
  layer = {};
  for (float scale : {1.0f, -1.0f, std::numeric_limits<float>::quiet_NaN()}) {
    layer.scale = scale;
    EXPECT_FALSE(fits(layer, kernel));
  }
}

// Blocks that the others would compute in their own way, when scales or strides do not fit.
TEST(Depthwise3x3, SharesItsBlocksWithOthers) {
  test::Samples samples(85);
  for (size_t channels : {16, 64, 96, 144}) {
    Layer layer;
    layer.channels = channels;
    layer.stride = 3;
    test::expect_exact_quads(layer, samples);
    layer = {};
    layer.channels = channels;
    layer.scale = 1.5f;
    test::expect_exact_quads(layer, samples);
    if (HasFatalFailure()) return;
  }
}

}  // namespace
}  // namespace octavo
