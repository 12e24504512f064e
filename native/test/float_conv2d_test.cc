#include "float_conv/float_conv2d.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>

#include "float_samples.h"

namespace octavo {
namespace {

using test::FloatSamples;
using test::SumBounds;

struct Convolution {
  size_t batch, groups, group_channels, group_outputs, height, width, kernel_h, kernel_w;
  size_t stride_h = 1, stride_w = 1, dilation_h = 1, dilation_w = 1;
  size_t pads[4] = {0, 0, 0, 0};  // top, left, bottom, right
  octavo_layout input_layout = OCTAVO_NHWC;
  octavo_layout output_layout = OCTAVO_NHWC;
  bool bias = true;
  bool residual = false;
  octavo_activation activation = OCTAVO_IDENTITY;
  octavo_type type = OCTAVO_F32;
  uint32_t threads = 1;

  size_t in_channels() const { return groups * group_channels; }
  size_t out_channels() const { return groups * group_outputs; }
  size_t out_height() const {
    return (height + pads[0] + pads[2] - dilation_h * (kernel_h - 1) - 1) / stride_h + 1;
  }
  size_t out_width() const {
    return (width + pads[1] + pads[3] - dilation_w * (kernel_w - 1) - 1) / stride_w + 1;
  }
};

size_t offset(octavo_layout layout, size_t channels, size_t height, size_t width, size_t image,
              size_t channel, size_t y, size_t x) {
  if (layout == OCTAVO_NCHW) return ((image * channels + channel) * height + y) * width + x;
  return ((image * height + y) * width + x) * channels + channel;
}

struct Operands {
  Operands(const Convolution& c, FloatSamples& samples)
      : input(samples.floats(c.batch * c.in_channels() * c.height * c.width)),
        weights(samples.floats(c.out_channels() * c.group_channels * c.kernel_h * c.kernel_w)),
        bias(samples.floats(c.out_channels())),
        residual(samples.floats(c.batch * c.out_channels() * c.out_height() * c.out_width())) {
    if (c.type == OCTAVO_F32) return;
    halves = samples.halves(weights.size(), c.type);
    for (size_t i = 0; i < weights.size(); ++i) weights[i] = test::half_value(halves[i], c.type);
  }
  std::vector<float> input, weights, bias, residual;
  std::vector<uint16_t> halves;
};

octavo_float_conv2d_args arguments(const Convolution& c, const Operands& operands, float* out) {
  octavo_float_conv2d_args args{};
  args.input = operands.input.data();
  args.input_layout = c.input_layout;
  args.output_layout = c.output_layout;
  args.batch = c.batch;
  args.height = c.height;
  args.width = c.width;
  args.stride_h = c.stride_h;
  args.stride_w = c.stride_w;
  args.dilation_h = c.dilation_h;
  args.dilation_w = c.dilation_w;
  args.pad_top = c.pads[0];
  args.pad_left = c.pads[1];
  args.pad_bottom = c.pads[2];
  args.pad_right = c.pads[3];
  args.epilogue.bias = c.bias ? operands.bias.data() : nullptr;
  args.epilogue.residual = c.residual ? operands.residual.data() : nullptr;
  args.epilogue.activation = c.activation;
  args.epilogue.alpha = c.activation == OCTAVO_CLIP ? 0.0f : 0.1f;
  args.epilogue.beta = 6;
  args.out = out;
  args.threads = c.threads;
  return args;
}

// Sum and sum of absolute values of the products of one output.
void direct(const Convolution& c, const Operands& operands, size_t image, size_t channel, size_t y,
            size_t x, double& sum, double& size) {
  const size_t group = channel / c.group_outputs;
  for (size_t i = 0; i < c.group_channels; ++i) {
    for (size_t ky = 0; ky < c.kernel_h; ++ky) {
      for (size_t kx = 0; kx < c.kernel_w; ++kx) {
        const size_t in_y = y * c.stride_h + ky * c.dilation_h - c.pads[0];
        const size_t in_x = x * c.stride_w + kx * c.dilation_w - c.pads[1];
        if (in_y >= c.height || in_x >= c.width) continue;  // wraps around before the first
        const size_t in = offset(c.input_layout, c.in_channels(), c.height, c.width, image,
                                 group * c.group_channels + i, in_y, in_x);
        const size_t weight =
            ((channel * c.group_channels + i) * c.kernel_h + ky) * c.kernel_w + kx;
        const double product = static_cast<double>(operands.input[in]) * operands.weights[weight];
        sum += product;
        size += std::abs(product);
      }
    }
  }
}

void expect_within_bounds(const Convolution& c, FloatSamples& samples, IsaSet isa) {
  const Operands operands(c, samples);
  std::vector<float> out(operands.residual.size(), -77);
  const octavo_float_conv2d_args args = arguments(c, operands, out.data());
  const void* weights = c.type == OCTAVO_F32 ? static_cast<const void*>(operands.weights.data())
                                             : operands.halves.data();
  const PackedFloatConv2d packed = pack_float_conv2d(
      {weights, c.type, c.out_channels(), c.group_channels, c.kernel_h, c.kernel_w, c.groups}, isa);
  float_conv2d(args, packed, c.out_height(), c.out_width());
  // Bias, residual and activation round too.
  SumBounds bounds(c.group_channels * c.kernel_h * c.kernel_w + 3);
  for (size_t image = 0; image < c.batch; ++image) {
    for (size_t channel = 0; channel < c.out_channels(); ++channel) {
      for (size_t y = 0; y < c.out_height(); ++y) {
        for (size_t x = 0; x < c.out_width(); ++x) {
          const size_t at = offset(c.output_layout, c.out_channels(), c.out_height(), c.out_width(),
                                   image, channel, y, x);
          double sum = c.bias ? operands.bias[channel] : 0;
          sum += c.residual ? operands.residual[at] : 0;
          double size = (c.bias ? std::abs(operands.bias[channel]) : 0) +
                        (c.residual ? std::abs(operands.residual[at]) : 0);
          direct(c, operands, image, channel, y, x, sum, size);
          bounds.add(out[at], test::activated(args.epilogue, sum), size);
        }
      }
    }
  }
  bounds.expect_kept();
}

const IsaSet kTiers[] = {active_isa(), isa::scalar};
// Tiles of AVX2 differ from those of AVX-512.
const IsaSet kTileTiers[] = {active_isa(), active_isa() & isa::avx2_fma, isa::scalar};

// The smallest numbers of float16 are normal as floats, and stay.
void expect_only_subnormal_floats_flushed(Convolution c, octavo_type type, IsaSet tier) {
  FloatSamples samples(60);
  c.type = type;
  c.bias = false;
  Operands operands(c, samples);
  operands.input.assign(operands.input.size(), 0x1p24f);
  operands.weights.assign(operands.weights.size(), 0x1p-127f);
  operands.halves.assign(operands.halves.size(), 1);
  std::vector<float> out(operands.residual.size(), -77);
  const octavo_float_conv2d_args args = arguments(c, operands, out.data());
  const void* weights = type == OCTAVO_F32 ? static_cast<const void*>(operands.weights.data())
                                           : operands.halves.data();
  const PackedFloatConv2d packed = pack_float_conv2d(
      {weights, type, c.out_channels(), c.group_channels, c.kernel_h, c.kernel_w, c.groups}, tier);
  float_conv2d(args, packed, c.out_height(), c.out_width());
  const size_t products = type == OCTAVO_F16 ? c.group_channels * c.kernel_h * c.kernel_w : 0;
  EXPECT_EQ(out, std::vector<float>(out.size(), static_cast<float>(products)));
}

TEST(FloatConv2d, TakesSubnormalWeightsForZero) {
  const Convolution dense{1, 2, 4, 17, 5, 5, 3, 3}, depthwise{1, 19, 1, 1, 5, 5, 3, 3},
      few{1, 1, 128, 2, 5, 5, 1, 1};
  for (IsaSet tier : kTiers) {
    for (const Convolution& c : {dense, depthwise, few}) {
      for (octavo_type type : {OCTAVO_F32, OCTAVO_F16, OCTAVO_BF16}) {
        SCOPED_TRACE(type);
        expect_only_subnormal_floats_flushed(c, type, tier);
      }
    }
  }
}

TEST(FloatConv2d, KeepsItsBoundsOnLayersOfRealNetworks) {
  FloatSamples samples(61);
  for (IsaSet tier : kTiers) {
    for (octavo_layout in : {OCTAVO_NHWC, OCTAVO_NCHW}) {
      for (octavo_layout out : {OCTAVO_NHWC, OCTAVO_NCHW}) {
        Convolution first{1, 1, 3, 20, 30, 34, 7, 7, 2, 2, 1, 1, {3, 3, 3, 3}, in, out};
        Convolution pointwise{2, 1, 24, 17, 9, 11, 1, 1, 1, 1, 1, 1, {0, 0, 0, 0}, in, out};
        Convolution square{1, 1, 33, 40, 12, 13, 3, 3, 1, 1, 1, 1, {1, 1, 1, 1}, in, out};
        Convolution wide{1, 1, 2, 9, 3, 300, 3, 3, 1, 1, 1, 1, {1, 1, 1, 1}, in, out};
        Convolution depthwise{1, 7, 1, 1, 8, 9, 3, 3, 2, 1, 1, 1, {1, 1, 0, 1}, in, out};
        square.residual = true;
        square.activation = OCTAVO_CLIP;
        for (const Convolution& c : {first, pointwise, square, wide, depthwise}) {
          expect_within_bounds(c, samples, tier);
        }
      }
    }
  }
}

TEST(FloatConv2d, KeepsItsBoundsOnRandomGeometry) {
  FloatSamples samples(62);
  for (int round = 0; round < 120; ++round) {
    Convolution c{samples.size(1, 2),  samples.size(1, 3),  samples.size(1, 9), samples.size(1, 20),
                  samples.size(5, 14), samples.size(5, 14), samples.size(1, 3), samples.size(1, 3)};
    c.stride_h = samples.size(1, 3);
    c.stride_w = samples.size(1, 3);
    c.dilation_h = samples.size(1, 2);
    c.dilation_w = samples.size(1, 2);
    for (size_t& pad : c.pads) pad = samples.size(0, 3);
    c.input_layout = static_cast<octavo_layout>(samples.size(0, 1));
    c.output_layout = static_cast<octavo_layout>(samples.size(0, 1));
    c.bias = samples.size(0, 1) != 0;
    c.residual = samples.size(0, 1) != 0;
    c.activation = static_cast<octavo_activation>(samples.size(0, 2));
    c.type = static_cast<octavo_type>(samples.size(OCTAVO_F32, OCTAVO_BF16));
    c.threads = static_cast<uint32_t>(samples.size(1, 2));
    expect_within_bounds(c, samples, kTiers[round % 2]);
    if (HasFailure()) {
      ADD_FAILURE() << "round " << round;
      return;
    }
  }
}

TEST(FloatConv2d, KeepsItsBoundsOnDepthwiseGeometry) {
  FloatSamples samples(64);
  for (int round = 0; round < 120; ++round) {
    // Each kind of padding and of width on each tier. The widest tile has 128 channels.
    const bool padded = round / 3 % 3 == 0, wide = round / 9 % 3 == 0;
    const size_t channels = wide ? samples.size(110, 150) : samples.size(1, 70);
    Convolution c{
        samples.size(1, 2), channels, 1, 1, samples.size(9, 16), samples.size(13, 20),
        samples.size(1, 5), samples.size(1, 5)};
    c.stride_h = samples.size(1, 3);
    c.stride_w = samples.size(1, 3);
    c.dilation_h = samples.size(1, 2);
    c.dilation_w = samples.size(1, 3);
    for (size_t& pad : c.pads) pad = samples.size(padded ? 6 : 0, padded ? 14 : 2);
    c.bias = samples.size(0, 1) != 0;
    c.residual = samples.size(0, 1) != 0;
    c.activation = static_cast<octavo_activation>(samples.size(0, 4));
    c.type = static_cast<octavo_type>(samples.size(OCTAVO_F32, OCTAVO_BF16));
    c.threads = static_cast<uint32_t>(samples.size(1, 2));
    expect_within_bounds(c, samples, kTileTiers[round % 3]);
    if (HasFailure()) {
      ADD_FAILURE() << "round " << round;
      return;
    }
  }
}

TEST(FloatConv2d, KeepsItsBoundsOnFewOutputs) {
  FloatSamples samples(65);
  for (int round = 0; round < 180; ++round) {
    Convolution c{
        samples.size(1, 2),  samples.size(1, 2),  samples.size(11, 40), samples.size(1, 4),
        samples.size(5, 14), samples.size(5, 40), samples.size(3, 5),   samples.size(3, 5)};
    c.stride_h = samples.size(1, 2);
    c.stride_w = samples.size(1, 2);
    c.dilation_w = round % 4 == 0 ? 2 : 1;
    for (size_t& pad : c.pads) pad = samples.size(2, 4);
    c.input_layout = static_cast<octavo_layout>(samples.size(0, 1));
    c.output_layout = static_cast<octavo_layout>(samples.size(0, 1));
    c.bias = samples.size(0, 1) != 0;
    c.residual = samples.size(0, 1) != 0;
    c.activation = static_cast<octavo_activation>(samples.size(0, 4));
    c.type = static_cast<octavo_type>(samples.size(OCTAVO_F32, OCTAVO_BF16));
    c.threads = static_cast<uint32_t>(samples.size(1, 2));
    expect_within_bounds(c, samples, kTileTiers[round % 3]);
    if (HasFailure()) {
      ADD_FAILURE() << "round " << round;
      return;
    }
  }
}

TEST(FloatConv2d, KeepsNotANumberOfFewOutputs) {
  for (const octavo_activation activation : {OCTAVO_IDENTITY, OCTAVO_CLIP, OCTAVO_LEAKY_RELU}) {
    FloatSamples samples(66);
    Convolution c{1, 1, 32, 3, 4, 20, 3, 3};
    c.activation = activation;
    Operands operands(c, samples);
    operands.input[5 * 32] = std::numeric_limits<float>::quiet_NaN();  // the pixel at (0, 5)
    std::vector<float> out(operands.residual.size());
    const PackedFloatConv2d packed =
        pack_float_conv2d({operands.weights.data(), OCTAVO_F32, 3, 32, 3, 3, 1});
    float_conv2d(arguments(c, operands, out.data()), packed, c.out_height(), c.out_width());
    for (size_t i = 0; i < out.size(); ++i) {
      const size_t x = i / 3 % c.out_width(), y = i / 3 / c.out_width();
      EXPECT_EQ(std::isnan(out[i]), y == 0 && x >= 3 && x <= 5) << i;
    }
  }
}

void expect_same_bits_on_each_number_of_threads(Convolution c, FloatSamples& samples, IsaSet tier) {
  const Operands operands(c, samples);
  const PackedFloatConv2d packed =
      pack_float_conv2d({operands.weights.data(), OCTAVO_F32, c.out_channels(), c.group_channels,
                         c.kernel_h, c.kernel_w, c.groups},
                        tier);
  std::vector<float> alone(operands.residual.size()), shared(alone.size());
  float_conv2d(arguments(c, operands, alone.data()), packed, c.out_height(), c.out_width());
  for (uint32_t threads : {2u, 3u, 7u}) {
    c.threads = threads;
    float_conv2d(arguments(c, operands, shared.data()), packed, c.out_height(), c.out_width());
    EXPECT_EQ(shared, alone) << c.height << "x" << c.width << ", " << c.groups << " groups of "
                             << c.group_channels << " to " << c.group_outputs << ", " << threads
                             << " threads";
  }
}

// Threads cut images into other rectangles, but into none of so few pixels that their products are
// summed in another order.
TEST(FloatConv2d, GivesTheSameBitsOnEachNumberOfThreads) {
  FloatSamples samples(64);
  constexpr std::pair<size_t, size_t> kSizes[] = {{61, 2}, {33, 1},  {16, 16}, {8, 8},
                                                  {7, 13}, {3, 130}, {32, 32}, {1, 2}};
  for (IsaSet tier : kTileTiers) {
    for (const auto& [height, width] : kSizes) {
      for (size_t outputs : {4, 16, 70}) {
        expect_same_bits_on_each_number_of_threads(
            {1, 1, 5, outputs, height, width, 3, 3, 1, 1, 1, 1, {1, 1, 1, 1}}, samples, tier);
      }
    }
  }
}

// Pixels that one thread reads in a rectangle with padding, many read in some without: how must not
// differ.
TEST(FloatConv2d, GivesTheSameBitsOfGroupsOnEachNumberOfThreads) {
  FloatSamples samples(67);
  Convolution few{1, 2, 11, 4, 16, 16, 3, 3, 1, 1, 1, 1, {1, 0, 1, 0}};
  Convolution deep{1, 2, 200, 16, 16, 16, 3, 3, 1, 1, 1, 1, {1, 0, 1, 0}};
  for (IsaSet tier : kTileTiers) {
    for (Convolution c : {few, deep}) {
      expect_same_bits_on_each_number_of_threads(c, samples, tier);
      Convolution turned = c, dilated = c, strided = c;
      turned.output_layout = OCTAVO_NCHW;
      dilated.dilation_h = dilated.dilation_w = 2;
      strided.stride_h = strided.stride_w = 2;
      for (const Convolution& other : {turned, dilated, strided}) {
        expect_same_bits_on_each_number_of_threads(other, samples, tier);
      }
    }
  }
}

TEST(FloatConv2d, AddsAResidualInPlaceThoughTheDepthIsCut) {
  FloatSamples samples(63);
  for (octavo_layout layout : {OCTAVO_NHWC, OCTAVO_NCHW}) {
    Convolution c{1, 1, 96, 24, 6, 7, 3, 3, 1, 1, 1, 1, {1, 1, 1, 1}, OCTAVO_NHWC, layout};
    c.residual = true;
    const Operands operands(c, samples);
    std::vector<float> apart(operands.residual.size()), in_place = operands.residual;
    const PackedFloatConv2d packed =
        pack_float_conv2d({operands.weights.data(), OCTAVO_F32, 24, 96, 3, 3, 1});
    octavo_float_conv2d_args args = arguments(c, operands, apart.data());
    float_conv2d(args, packed, 6, 7);
    args.out = in_place.data();
    args.epilogue.residual = in_place.data();
    float_conv2d(args, packed, 6, 7);
    EXPECT_EQ(apart, in_place);
  }
}

}  // namespace
}  // namespace octavo
