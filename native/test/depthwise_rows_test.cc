#include "conv/depthwise_rows.h"

#include "depthwise_layer.h"
#include "every_tier.h"

namespace octavo {
namespace {

using test::Layer;

void expect_exact(const Layer& layer, test::Samples& samples) {
  test::expect_exact(layer, samples, [](const auto& args, const auto& weights, const auto& shape,
                                        const auto& check) {
    ASSERT_TRUE(depthwise_rows_fit(shape));
    const PackedDepthwiseRows packed = pack_depthwise_rows(weights);
    test::on_every_tier([&](IsaSet isa) {
      depthwise_rows(args, shape, packed, isa);
      check();
    });
  });
}

TEST(DepthwiseRows, AreExactForAnyNumberOfChannelsAndTypes) {
  test::Samples samples(62);
  for (size_t channels : {2, 3, 8, 16, 24, 31, 32, 33, 40, 63, 64, 65, 96, 144}) {
    for (octavo_type output : {OCTAVO_U8, OCTAVO_S8, OCTAVO_S32, OCTAVO_F32}) {
      for (octavo_type input : {OCTAVO_U8, OCTAVO_S8}) {
        Layer layer;
        layer.channels = channels;
        layer.output = output;
        layer.input = input;
        layer.weights = output == OCTAVO_S8 ? OCTAVO_U8 : OCTAVO_S8;
        layer.per_channel = channels % 2 == 0;
        expect_exact(layer, samples);
        if (HasFatalFailure()) return;
      }
    }
  }
}

TEST(DepthwiseRows, AreExactAtTheExtremes) {
  test::Samples samples(63);
  for (test::Fill fill : test::kFills) {
    for (octavo_type weights : {OCTAVO_U8, OCTAVO_S8}) {
      Layer layer;
      layer.fill = fill;
      layer.weights = weights;
      layer.output = OCTAVO_S32;
      layer.kernel_h = layer.kernel_w = 5;
      expect_exact(layer, samples);
    }
  }
}

TEST(DepthwiseRows, AreExactForRandomGeometry) {
  test::Samples samples(64);
  const auto size = [&samples](int low, int high) {
    return static_cast<size_t>(samples.integer(low, high));
  };
  for (int round = 0; round < 200; ++round) {
    Layer layer;
    layer.kernel_h = size(1, 7);
    layer.kernel_w = size(1, 7);
    layer.dilation_h = size(1, 3);
    layer.dilation_w = size(1, 3);
    layer.stride = size(1, 3);
    layer.pad_top = size(0, 9);
    layer.pad_left = size(0, 9);
    layer.pad_bottom = size(0, 9);
    layer.pad_right = size(0, 9);
    layer.height = size(19, 23);
    layer.width = size(19, 23);
    layer.channels = round % 3 == 0 ? 8 * size(1, 3) : size(2, 70);
    layer.batch = size(1, 2);
    layer.input = round % 2 == 0 ? OCTAVO_U8 : OCTAVO_S8;
    expect_exact(layer, samples);
    if (HasFatalFailure()) return;
  }
}

TEST(DepthwiseRows, AreExactForRowsOfSeveralStrips) {
  test::Samples samples(65);
  for (size_t stride : {1, 2}) {
    for (size_t channels : {8, 16, 24, 48}) {
      Layer layer;
      layer.width = 203;
      layer.height = 4;
      layer.stride = stride;
      layer.channels = channels;
      expect_exact(layer, samples);
    }
  }
}

// Scratch memory for fewer outputs than would share a block, or for just as many.
TEST(DepthwiseRows, AreExactWhereAWideWindowLeavesRoomForFewOutputs) {
  test::Samples samples(66);
  struct Width {
    size_t channels, kernel, dilation;
  };
  for (const Width& width : {Width{8, 3, 31}, Width{16, 4, 21}, Width{16, 3, 31}}) {
    for (octavo_type output : {OCTAVO_U8, OCTAVO_S32}) {
      Layer layer;
      layer.width = 75;
      layer.channels = width.channels;
      layer.kernel_w = width.kernel;
      layer.dilation_w = width.dilation;
      layer.output = output;
      expect_exact(layer, samples);
    }
  }
}

TEST(DepthwiseRows, LeaveDilationsThatScratchMemoryDoesNotHoldToOthers) {
  Layer layer;
  layer.width = 500;
  layer.dilation_w = 200;
  const octavo_conv2d_args args = test::arguments(layer);
  EXPECT_FALSE(depthwise_rows_fit(ConvShape(args, {32, 1, 3, 3, 32}, 9, 100)));
}

}  // namespace
}  // namespace octavo
