// Depthwise layers against the normative convolution.
#ifndef OCTAVO_TEST_DEPTHWISE_LAYER_H_
#define OCTAVO_TEST_DEPTHWISE_LAYER_H_

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "conv/conv_shape.h"
#include "epilogue/epilogue_panel.h"
#include "reference/reference_gemm.h"
#include "samples.h"

namespace octavo::test {

struct Layer {
  size_t channels = 32, height = 9, width = 11, batch = 1;
  size_t kernel_h = 3, kernel_w = 3, stride = 1, dilation_h = 1, dilation_w = 1;
  size_t pad_top = 1, pad_left = 1, pad_bottom = 1, pad_right = 1;
  octavo_type input = OCTAVO_U8, weights = OCTAVO_S8, output = OCTAVO_U8;
  bool per_channel = true;
  int32_t largest_bias = 30000;
  float scale = 0;  // of every output; 0 for scales that suit the sums
  Fill fill = Fill::random;
  bool limited = true;  // uint8 outputs to less than a byte holds
};

inline octavo_conv2d_args arguments(const Layer& layer) {
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
  args.epilogue.clamp_max = layer.output == OCTAVO_S8 ? 127 : layer.limited ? 250 : 255;
  return args;
}

// `convolve(args, weights, shape, check)` calls check() after each of its ways to write args.out.
template <typename Convolve>
void expect_exact(const Layer& layer, Samples& samples, Convolve&& convolve) {
  const size_t taps = layer.kernel_h * layer.kernel_w;
  const auto input = samples.bytes(layer.batch * layer.height * layer.width * layer.channels,
                                   layer.input, layer.fill);
  const auto data = samples.bytes(layer.channels * taps, layer.weights, layer.fill);
  const auto zero =
      samples.zero_points(layer.weights == OCTAVO_U8 ? layer.channels : 0, layer.weights);
  const auto bias = samples.integers(layer.channels, -layer.largest_bias, layer.largest_bias);
  auto scales = samples.scales(layer.per_channel ? layer.channels : 1, taps);
  if (layer.scale != 0) std::fill(scales.begin(), scales.end(), layer.scale);
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
  const size_t bytes = layer.batch * *height * *width * layer.channels * output_bytes(layer.output);
  std::vector<uint8_t> expected(bytes, 1);
  args.out = expected.data();
  reference::conv2d(args, weights, *height, *width);
  std::vector<uint8_t> found(bytes + 1, 2);
  args.out = found.data();
  convolve(args, weights, shape, [&] {
    ASSERT_EQ(found.back(), 2);
    ASSERT_TRUE(std::equal(expected.begin(), expected.end(), found.begin()))
        << layer.channels << " channels, kernel " << layer.kernel_h << "x" << layer.kernel_w
        << " stride " << layer.stride;
    std::fill(found.begin(), found.end(), static_cast<uint8_t>(2));
  });
}

}  // namespace octavo::test

#endif  // OCTAVO_TEST_DEPTHWISE_LAYER_H_
