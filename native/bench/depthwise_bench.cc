// Depthwise convolutions of MobileNetV2 and MobileNetV3 over NHWC images: microseconds a call on
// one thread, as a JSON array, shortest of several runs.
#include <cstdio>
#include <cstdlib>
#include <vector>

#include "bench/clock.h"
#include "conv/conv2d.h"
#include "octavo/threads.h"

namespace octavo::bench {
namespace {

struct Shape {
  size_t channels, size, stride, kernel;
};

constexpr Shape kShapes[] = {{32, 112, 1, 3}, {96, 112, 2, 3}, {144, 56, 1, 3}, {128, 56, 1, 3},
                             {192, 28, 1, 3}, {384, 14, 1, 3}, {576, 14, 1, 3}, {960, 7, 1, 3},
                             {240, 28, 1, 5}, {672, 14, 1, 5}};

double microseconds(const Shape& shape) {
  const size_t pixels = shape.size * shape.size, taps = shape.kernel * shape.kernel;
  std::vector<uint8_t> input(pixels * shape.channels), out(input.size());
  std::vector<int8_t> data(shape.channels * taps);
  std::vector<float> scales(shape.channels, 0.002f);
  unsigned state = 1;
  const auto next = [&state] { return (state = state * 1664525u + 1013904223u) >> 24; };
  for (uint8_t& byte : input) byte = static_cast<uint8_t>(next());
  for (int8_t& byte : data) byte = static_cast<int8_t>(next());
  const PackedConv2d weights = pack_conv2d({data.data(), OCTAVO_S8, shape.channels, 1, shape.kernel,
                                            shape.kernel, shape.channels, nullptr, 0});
  octavo_conv2d_args args{};
  args.input = input.data();
  args.input_type = OCTAVO_U8;
  args.input_zero_point = 128;
  args.input_layout = args.output_layout = OCTAVO_NHWC;
  args.batch = 1;
  args.height = args.width = shape.size;
  args.stride_h = args.stride_w = shape.stride;
  args.dilation_h = args.dilation_w = 1;
  args.pad_top = args.pad_left = args.pad_bottom = args.pad_right = shape.kernel / 2;
  args.epilogue.output = OCTAVO_U8;
  args.epilogue.scales = scales.data();
  args.epilogue.scale_count = scales.size();
  args.epilogue.zero_point = 128;
  args.epilogue.clamp_max = 255;
  args.out = out.data();
  const size_t size = (shape.size - 1) / shape.stride + 1;
  const ConvShape geometry(args, weights.shape, size, size);
  return best_seconds([&] { conv2d(args, weights, geometry); }) * 1e6;
}

}  // namespace
}  // namespace octavo::bench

int main() {
  using namespace octavo::bench;
  octavo_set_threads(1);
  const char* separator = "[";
  for (const Shape& shape : kShapes) {
    std::printf("%s%.2f", separator, microseconds(shape));
    separator = ", ";
  }
  std::printf("]\n");
  return EXIT_SUCCESS;
}
