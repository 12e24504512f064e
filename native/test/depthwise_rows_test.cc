#include "conv/depthwise_rows.h"

#include <vector>

#include "epilogue/epilogue_panel.h"
#include "every_tier.h"
#include "reference/reference_gemm.h"
#include "samples.h"

namespace octavo {
namespace {

struct Layer {
  size_t channels = 32, height = 9, width = 11, batch = 1;
  size_t kernel_h = 3, kernel_w = 3, stride = 1, dilation_h = 1, dilation_w = 1;
  size_t pad_top = 1, pad_left = 1, pad_bottom = 1, pad_right = 1;
  octavo_type input = OCTAVO_U8, weights = OCTAVO_S8, output = OCTAVO_U8;
  bool per_channel = true;
  test::Fill fill = test::Fill::random;
};

octavo_conv2d_args arguments(const Layer& layer) {
  octavo_conv2d_args args{};
  args.input_type = layer.input;
  args.input_layout = args.output_layout = OCTAVO_NHWC;
  args.batch = layer.batch;
  args.height = layer.height;
  args.width = layer.width;
  args.stride_h = args.stride_w = layer.stride;
  args.dilation_h = layer.dilation_h;
  args.dilation_w = layer.dilation_w;
  args.pad_top = layer.pad_top;
  args.pad_left = layer.pad_left;
  args.pad_bottom = layer.pad_bottom;
  args.pad_right = layer.pad_right;
  args.epilogue.output = layer.output;
  args.epilogue.zero_point = 3;
  args.epilogue.clamp_min = layer.output == OCTAVO_U8 ? 0 : -128;
  args.epilogue.clamp_max = layer.output == OCTAVO_U8 ? 250 : 127;
  return args;
}

void expect_exact(const Layer& layer, test::Samples& samples) {
  const size_t taps = layer.kernel_h * layer.kernel_w;
  const auto input = samples.bytes(layer.batch * layer.height * layer.width * layer.channels,
                                   layer.input, layer.fill);
  const auto data = samples.bytes(layer.channels * taps, layer.weights, layer.fill);
  const auto zero =
      samples.zero_points(layer.weights == OCTAVO_U8 ? layer.channels : 0, layer.weights);
  const auto bias = samples.integers(layer.channels, -30000, 30000);
  const auto scales = samples.scales(layer.per_channel ? layer.channels : 1, taps);
  const auto float_bias = samples.scales(layer.channels, taps);
  const octavo_conv2d_weights weights{data.data(),    layer.weights,  layer.channels, 1,
                                      layer.kernel_h, layer.kernel_w, layer.channels, zero.data(),
                                      zero.size()};
  octavo_conv2d_args args = arguments(layer);
  args.input = input.data();
  args.input_zero_point = samples.zero_points(1, layer.input)[0];
  args.epilogue.bias = bias.data();
  if (layer.output != OCTAVO_S32) {
    args.epilogue.scales = scales.data();
    args.epilogue.scale_count = scales.size();
  }
  if (layer.output == OCTAVO_F32) args.epilogue.float_bias = float_bias.data();
  const auto height = output_positions(layer.height, layer.pad_top, layer.pad_bottom,
                                       layer.kernel_h, layer.dilation_h, layer.stride);
  const auto width = output_positions(layer.width, layer.pad_left, layer.pad_right, layer.kernel_w,
                                      layer.dilation_w, layer.stride);
  ASSERT_TRUE(height && width);
  const KernelShape kernel{layer.channels, 1, layer.kernel_h, layer.kernel_w, layer.channels};
  const ConvShape shape(args, kernel, *height, *width);
  ASSERT_TRUE(depthwise_rows_fit(shape));
  const size_t bytes = layer.batch * *height * *width * layer.channels * output_bytes(layer.output);
  std::vector<uint8_t> expected(bytes, 1);
  args.out = expected.data();
  reference::conv2d(args, weights, *height, *width);
  const PackedDepthwiseRows packed = pack_depthwise_rows(weights);
  test::on_every_tier([&](IsaSet isa) {
    std::vector<uint8_t> found(bytes + 1, 2);
    args.out = found.data();
    depthwise_rows(args, shape, packed, isa);
    ASSERT_EQ(found.back(), 2);
    found.pop_back();
    ASSERT_EQ(found, expected) << layer.channels << " channels, kernel " << layer.kernel_h << "x"
                               << layer.kernel_w << " stride " << layer.stride;
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
  const octavo_conv2d_args args = arguments(layer);
  EXPECT_FALSE(depthwise_rows_fit(ConvShape(args, {32, 1, 3, 3, 32}, 9, 100)));
}

}  // namespace
}  // namespace octavo
