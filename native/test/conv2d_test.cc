#include "conv/conv2d.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "conv/paired_image.h"
#include "epilogue/epilogue_panel.h"
#include "gemm/select.h"
#include "reference/reference_gemm.h"
#include "samples.h"
#include "threading/parallel_for.h"

namespace octavo {
namespace {

using test::Samples;

struct Layer {
  size_t batch = 1, height = 9, width = 11;
  size_t groups = 1, group_channels = 3, out_channels = 4;
  size_t kernel_h = 3, kernel_w = 3;
  size_t stride_h = 1, stride_w = 1;
  size_t dilation_h = 1, dilation_w = 1;
  size_t pad_top = 1, pad_left = 1, pad_bottom = 1, pad_right = 1;
  octavo_type input = OCTAVO_U8, weights = OCTAVO_S8, output = OCTAVO_U8;
  octavo_layout input_layout = OCTAVO_NCHW, output_layout = OCTAVO_NCHW;
  bool per_channel = true, weight_zero_points = false;
  bool middle_zero_points = false;  // those of unsigned weights that packing makes zeros of
  bool in_image = false;            // must be one that a copy of the image serves
};

octavo_epilogue epilogue_of(const Layer& layer, const std::vector<int32_t>& bias,
                            const std::vector<float>& scales) {
  octavo_epilogue epilogue{};
  epilogue.output = layer.output;
  epilogue.bias = bias.data();
  if (layer.output != OCTAVO_S32) {
    epilogue.scales = scales.data();
    epilogue.scale_count = scales.size();
  }
  if (layer.output == OCTAVO_F32) epilogue.float_bias = scales.data();
  epilogue.zero_point = 7;
  epilogue.clamp_min = layer.output == OCTAVO_U8 ? 0 : -128;
  epilogue.clamp_max = 100;
  return epilogue;
}

void expect_exact(const Layer& layer, Samples& samples) {
  const size_t channels = layer.groups * layer.group_channels;
  const size_t taps = layer.group_channels * layer.kernel_h * layer.kernel_w;
  const std::vector<uint8_t> input =
      samples.bytes(layer.batch * channels * layer.height * layer.width, layer.input);
  const std::vector<uint8_t> data = samples.bytes(layer.out_channels * taps, layer.weights);
  const size_t zero_points = layer.weight_zero_points ? layer.out_channels : 0;
  const std::vector<int32_t> zero = layer.middle_zero_points
                                        ? std::vector<int32_t>(layer.out_channels, 128)
                                        : samples.zero_points(zero_points, layer.weights);
  const std::vector<int32_t> bias = samples.integers(layer.out_channels, -30000, 30000);
  const size_t scale_count =
      layer.per_channel || layer.output == OCTAVO_F32 ? layer.out_channels : 1;
  const std::vector<float> scales = samples.scales(scale_count, taps);
  const octavo_conv2d_weights weights{data.data(),          layer.weights,  layer.out_channels,
                                      layer.group_channels, layer.kernel_h, layer.kernel_w,
                                      layer.groups,         zero.data(),    zero.size()};

  octavo_conv2d_args args{};
  args.input = input.data();
  args.input_type = layer.input;
  args.input_zero_point = samples.zero_points(1, layer.input)[0];
  args.input_layout = layer.input_layout;
  args.output_layout = layer.output_layout;
  args.batch = layer.batch;
  args.height = layer.height;
  args.width = layer.width;
  args.stride_h = layer.stride_h;
  args.stride_w = layer.stride_w;
  args.dilation_h = layer.dilation_h;
  args.dilation_w = layer.dilation_w;
  args.pad_top = layer.pad_top;
  args.pad_left = layer.pad_left;
  args.pad_bottom = layer.pad_bottom;
  args.pad_right = layer.pad_right;
  args.epilogue = epilogue_of(layer, bias, scales);

  const auto height = output_positions(layer.height, layer.pad_top, layer.pad_bottom,
                                       layer.kernel_h, layer.dilation_h, layer.stride_h);
  const auto width = output_positions(layer.width, layer.pad_left, layer.pad_right, layer.kernel_w,
                                      layer.dilation_w, layer.stride_w);
  ASSERT_TRUE(height && width);
  const size_t bytes =
      layer.batch * layer.out_channels * *height * *width * output_bytes(layer.output);
  std::vector<uint8_t> expected(bytes, 1);
  args.out = expected.data();
  reference::conv2d(args, weights, *height, *width);

  for (const Microkernel& packer : microkernels()) {
    const PackedConv2d packed = pack_conv2d(weights, packer.isa);
    const ConvShape shape(args, packed.shape, *height, *width);
    ASSERT_TRUE(!layer.in_image || paired_image_fits(shape));
    for (const Microkernel& kernel : microkernels()) {
      if (!active_isa().contains(kernel.isa) || !(kernel.layout == packer.layout)) continue;
      std::vector<uint8_t> found(bytes, 2);
      args.out = found.data();
      conv2d(args, packed, shape, kernel.isa);
      ASSERT_EQ(found, expected) << kernel.name << " on weights for " << packer.name << " groups "
                                 << layer.groups << " kernel " << layer.kernel_h << "x"
                                 << layer.kernel_w;
    }
  }
}

constexpr octavo_type kByteTypes[] = {OCTAVO_U8, OCTAVO_S8};
constexpr octavo_type kOutputs[] = {OCTAVO_S32, OCTAVO_F32, OCTAVO_U8, OCTAVO_S8};
constexpr octavo_layout kLayouts[] = {OCTAVO_NCHW, OCTAVO_NHWC};

TEST(Conv2d, IsExactForAllTypesLayoutsAndOutputs) {
  Samples samples(51);
  for (octavo_layout in : kLayouts) {
    for (octavo_layout out : kLayouts) {
      for (octavo_type output : kOutputs) {
        for (octavo_type input : kByteTypes) {
          for (octavo_type weights : kByteTypes) {
            Layer layer;
            layer.batch = 2;
            layer.input_layout = in;
            layer.output_layout = out;
            layer.output = output;
            layer.input = input;
            layer.weights = weights;
            layer.weight_zero_points = weights == OCTAVO_U8;
            expect_exact(layer, samples);
            layer.groups = 5;
            layer.group_channels = 1;
            layer.out_channels = 10;
            layer.per_channel = input == OCTAVO_U8;
            expect_exact(layer, samples);
            if (HasFatalFailure()) return;
          }
        }
      }
    }
  }
}

TEST(Conv2d, IsExactForGroupsOfSeveralChannels) {
  Samples samples(52);
  for (octavo_layout layout : kLayouts) {
    for (size_t kernel : {1, 3}) {
      Layer layer;
      layer.groups = 3;
      layer.group_channels = 4;
      layer.out_channels = 6;
      layer.kernel_h = layer.kernel_w = kernel;
      layer.pad_top = layer.pad_left = layer.pad_bottom = layer.pad_right = kernel / 2;
      layer.input_layout = layout;
      layer.output_layout = layout;
      layer.weights = OCTAVO_U8;
      layer.weight_zero_points = true;
      expect_exact(layer, samples);
    }
  }
}

TEST(Conv2d, IsExactForPointwiseLayersWiderThanATile) {
  Samples samples(53);
  Layer layer;
  layer.group_channels = 70;
  layer.out_channels = 90;
  layer.kernel_h = layer.kernel_w = 1;
  layer.pad_top = layer.pad_left = layer.pad_bottom = layer.pad_right = 0;
  for (size_t stride : {1, 2}) {
    layer.stride_h = layer.stride_w = stride;
    expect_exact(layer, samples);
  }
}

TEST(Conv2d, IsExactWherePixelsTakeSeveralBlocks) {
  Samples samples(54);
  Layer layer;
  layer.height = 40;
  layer.width = 37;
  layer.group_channels = 128;
  layer.out_channels = 3;
  layer.kernel_h = 1;
  expect_exact(layer, samples);
}

TEST(Conv2d, IsExactForRandomGeometry) {
  Samples samples(55);
  const auto size = [&samples](int low, int high) {
    return static_cast<size_t>(samples.integer(low, high));
  };
  for (int round = 0; round < 300; ++round) {
    Layer layer;
    layer.kernel_h = size(1, 4);
    layer.kernel_w = size(1, 4);
    layer.dilation_h = size(1, 3);
    layer.dilation_w = size(1, 3);
    layer.stride_h = round % 20 == 0 ? 40 : size(1, 3);
    layer.stride_w = size(1, 3);
    layer.pad_top = size(0, 4);
    layer.pad_left = size(0, 4);
    layer.pad_bottom = size(0, 12);
    layer.pad_right = size(0, 12);
    layer.height = size(10, 14);
    layer.width = size(10, 14);
    layer.groups = size(1, 4);
    layer.group_channels = size(1, 3);
    layer.out_channels = layer.groups * size(1, 3);
    layer.input = kByteTypes[samples.integer(0, 1)];
    layer.weights = kByteTypes[samples.integer(0, 1)];
    layer.output = kOutputs[samples.integer(0, 3)];
    layer.input_layout = kLayouts[samples.integer(0, 1)];
    layer.output_layout = kLayouts[samples.integer(0, 1)];
    expect_exact(layer, samples);
    if (HasFatalFailure()) return;
  }
}

TEST(Conv2d, IsExactOnSeveralThreads) {
  Samples samples(57);
  const ThreadLimit limit(3);
  for (octavo_layout layout : kLayouts) {
    Layer layer;
    layer.batch = 3;
    layer.height = layer.width = 25;
    layer.group_channels = 17;
    layer.out_channels = 70;
    layer.stride_w = 2;
    layer.weights = OCTAVO_U8;
    layer.weight_zero_points = true;
    layer.input_layout = layer.output_layout = layout;
    expect_exact(layer, samples);
  }
}

// Windows that overlap are read from one copy of the image where a kernel allows it.
TEST(Conv2d, IsExactForOverlappingWindowsOnSeveralThreads) {
  Samples samples(58);
  const ThreadLimit limit(3);
  for (size_t channels : {1, 3, 4, 18, 32}) {
    for (size_t step : {1, 2}) {
      for (octavo_type input : kByteTypes) {
        Layer layer;
        layer.batch = 2;
        layer.height = 45;
        layer.width = 39;
        layer.group_channels = channels;
        layer.out_channels = 37;
        layer.stride_h = layer.stride_w = step;
        layer.dilation_w = 3 - step;
        layer.pad_bottom = 0;
        layer.pad_right = 5;
        layer.input = input;
        layer.output_layout = OCTAVO_NHWC;
        layer.in_image = true;
        for (octavo_type weights : kByteTypes) {
          layer.weights = weights;
          layer.middle_zero_points = weights == OCTAVO_U8;
          for (octavo_layout layout : {OCTAVO_NHWC, OCTAVO_NCHW}) {
            layer.input_layout = layout;
            expect_exact(layer, samples);
          }
        }
        layer.width = 5;
        layer.height = 9;
        expect_exact(layer, samples);
        if (HasFatalFailure()) return;
      }
    }
  }
}

TEST(PairedImage, LeavesImagesThatAreTooLargeToKeepToOthers) {
  octavo_conv2d_args args{};
  args.width = 1024;
  args.stride_h = args.stride_w = args.dilation_h = args.dilation_w = 1;
  args.pad_top = args.pad_left = args.pad_bottom = args.pad_right = 1;
  const KernelShape kernel{64, 64, 3, 3, 1};
  args.height = 1024;
  EXPECT_FALSE(paired_image_fits(ConvShape(args, kernel, 1024, 1024)));
  args.height = 200;
  EXPECT_TRUE(paired_image_fits(ConvShape(args, kernel, 200, 1024)));
}

TEST(PackConv2d, PadsOnlyChannelsThatACopyOfTheImageCanHold) {
  for (size_t channels : {size_t{3}, size_t{130}}) {
    const std::vector<uint8_t> data(channels * 9, 1);
    const octavo_conv2d_weights weights{data.data(), OCTAVO_S8, 1, channels, 3, 3, 1, nullptr, 0};
    for (const Microkernel& kernel : microkernels()) {
      const bool padded = pack_conv2d(weights, kernel.isa).padded_group.n != 0;
      EXPECT_EQ(padded, channels == 3 && kernel.paired != nullptr) << kernel.name;
    }
  }
}

TEST(Conv2d, IsExactForRowsLongerThanAStrip) {
  Samples samples(56);
  Layer layer;
  layer.height = 3;
  layer.width = 600;
  layer.groups = 2;
  layer.group_channels = 1;
  layer.out_channels = 2;
  expect_exact(layer, samples);
}

TEST(OutputPositions, FollowTheFormulaOfOnnx) {
  EXPECT_EQ(output_positions(224, 3, 3, 7, 1, 2), 112u);
  EXPECT_EQ(output_positions(5, 0, 0, 3, 2, 1), 1u);
  EXPECT_EQ(output_positions(3, 0, 0, 3, 1, 7), 1u);
}

TEST(OutputPositions, AreRefusedWhereTheKernelDoesNotFitOrSizesOverflow) {
  EXPECT_FALSE(output_positions(4, 0, 0, 3, 2, 1));
  EXPECT_FALSE(output_positions(5, 0, 0, 3, 1, 0));
  EXPECT_FALSE(output_positions(5, 0, 0, 3, 0, 1));
  EXPECT_FALSE(output_positions(5, SIZE_MAX, 6, 3, 1, 1));
  EXPECT_FALSE(output_positions(5, 1, 1, SIZE_MAX, SIZE_MAX, 1));
}

}  // namespace
}  // namespace octavo
