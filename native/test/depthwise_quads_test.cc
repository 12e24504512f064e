#include "conv/depthwise_quads.h"

#include "every_quad_kernel.h"

namespace octavo {
namespace {

using test::expect_exact_quads;
using test::Layer;

TEST(DepthwiseQuads, AreExactForAnyNumberOfChannelsAndTypes) {
  test::Samples samples(71);
  for (size_t channels : {2, 3, 7, 8, 9, 16, 24, 31, 32, 33, 40, 63, 64, 65, 96, 127, 144}) {
    for (octavo_type output : {OCTAVO_U8, OCTAVO_S8}) {
      for (octavo_type input : {OCTAVO_U8, OCTAVO_S8}) {
        Layer layer;
        layer.channels = channels;
        layer.output = output;
        layer.input = input;
        layer.per_channel = channels % 2 == 0;
        expect_exact_quads(layer, samples);
        if (HasFatalFailure()) return;
      }
    }
  }
}

TEST(DepthwiseQuads, AreExactAtTheExtremes) {
  test::Samples samples(72);
  for (test::Fill fill : test::kFills) {
    for (size_t kernel : {3, 5}) {
      for (octavo_type output : {OCTAVO_U8, OCTAVO_S8}) {
        Layer layer;
        layer.fill = fill;
        layer.output = output;
        layer.kernel_h = layer.kernel_w = kernel;
        expect_exact_quads(layer, samples);
        if (HasFatalFailure()) return;
      }
    }
  }
}

TEST(DepthwiseQuads, SaturateWhereProductsWithScalesAreNoIntegers) {
  test::Samples samples(73);
  for (octavo_type output : {OCTAVO_U8, OCTAVO_S8}) {
    for (float scale : {1e9f, -1e9f, 3e38f, -3e38f}) {
      Layer layer;
      layer.output = output;
      layer.scale = scale;
      expect_exact_quads(layer, samples);
      if (HasFatalFailure()) return;
    }
  }
}

TEST(DepthwiseQuads, AreExactForRandomGeometry) {
  test::Samples samples(74);
  const auto size = [&samples](int low, int high) {
    return static_cast<size_t>(samples.integer(low, high));
  };
  for (int round = 0; round < 300; ++round) {
    Layer layer;
    layer.kernel_h = size(1, 7);
    layer.kernel_w = size(1, 7);
    layer.stride = size(1, 2);
    layer.dilation_h = size(1, layer.kernel_h < 6 ? 3 : 2);
    layer.dilation_w = size(1, 2);
    layer.pad_top = size(0, 9);
    layer.pad_left = size(0, 9);
    layer.pad_bottom = size(0, 9);
    layer.pad_right = size(0, 9);
    layer.height = size(19, 33);
    layer.width = size(13, 43);
    layer.channels = round % 3 == 0 ? 8 * size(1, 17) : size(2, 135);
    layer.batch = size(1, 2);
    layer.input = round % 2 == 0 ? OCTAVO_U8 : OCTAVO_S8;
    expect_exact_quads(layer, samples);
    if (HasFatalFailure()) return;
  }
}

TEST(DepthwiseQuads, ReadNothingBesideSingleTaps) {
  test::Samples samples(76);
  for (size_t kernel_h : {1, 2, 5}) {
    for (size_t dilation_w : {100, 384}) {
      Layer layer;
      layer.kernel_h = kernel_h;
      layer.kernel_w = 1;
      layer.dilation_w = dilation_w;
      expect_exact_quads(layer, samples);
      if (HasFatalFailure()) return;
    }
  }
}

TEST(DepthwiseQuads, AreExactForRowsOfSeveralStrips) {
  test::Samples samples(75);
  for (size_t stride : {1, 2}) {
    for (size_t channels : {8, 16, 24, 48, 72}) {
      Layer layer;
      layer.width = 283;
      layer.height = 21;
      layer.stride = stride;
      layer.channels = channels;
      expect_exact_quads(layer, samples);
      if (HasFatalFailure()) return;
    }
  }
}

TEST(DepthwiseQuads, LeaveToOthersWhatTheyDoNotCompute) {
  Layer layer;
  const KernelShape kernel{32, 1, 3, 3, 32};
  octavo_conv2d_args args = test::arguments(layer);
  EXPECT_TRUE(depthwise_quads_fit(args, ConvShape(args, kernel, 9, 11)));
  args.epilogue.output = OCTAVO_S32;
  EXPECT_FALSE(depthwise_quads_fit(args, ConvShape(args, kernel, 9, 11)));
  layer.width = 500;
  layer.dilation_w = 200;
  args = test::arguments(layer);
  EXPECT_FALSE(depthwise_quads_fit(args, ConvShape(args, kernel, 9, 100)));
  const uint8_t data[] = {0, 128, 255, 7};
  const int32_t zero[] = {100};
  const octavo_conv2d_weights weights{data, OCTAVO_U8, 2, 1, 1, 2, 2, zero, 1};
  EXPECT_FALSE(pack_depthwise_quads(weights, depthwise_taps(weights).data()).applies());
}

}  // namespace
}  // namespace octavo
