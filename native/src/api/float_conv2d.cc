// The part of the C API about float convolution: every argument is checked here, and nowhere below.
#include "float_conv/float_conv2d.h"

#include "api/boundary.h"
#include "api/float_checks.h"
#include "base/math.h"
#include "conv/conv_shape.h"

struct octavo_packed_float_conv2d {
  octavo::PackedFloatConv2d weights;
};

namespace octavo {
namespace {

// A plane of this many positions holds any image; more comes from nonsensical padding, and would
// make a small call take all memory.
constexpr size_t kMaxPaddedPositions = size_t{1} << 28;
constexpr size_t kMostColumns = 64;

struct OutputSize {
  size_t height;
  size_t width;
};

void check_weights(const octavo_float_conv2d_weights& weights) {
  check_float_weight_type(weights.type, "weights.type");
  require(weights.groups != 0, "weights.groups", "at least 1");
  require(weights.out_channels % weights.groups == 0, "weights.out_channels",
          "a multiple of weights.groups");
  require(weights.out_channels != 0, "weights.out_channels", "at least 1");
  require(weights.group_channels != 0, "weights.group_channels", "at least 1");
  require(weights.kernel_h != 0 && weights.kernel_w != 0, "weights.kernel_h, weights.kernel_w",
          "at least 1");
  const CheckedSize k =
      CheckedSize(weights.group_channels).times(weights.kernel_h).times(weights.kernel_w);
  const CheckedSize columns = CheckedSize(weights.out_channels / weights.groups).plus(kMostColumns);
  require(k.times(columns.value()).times(weights.groups).times(4).fits(), "weights",
          "a size that fits memory");
  require(weights.data != nullptr, "weights.data", "a pointer");
}

OutputSize checked_size(const octavo_float_conv2d_args& args) {
  require(args.weights != nullptr, "weights", "packed weights");
  const PackedFloatConv2d& weights = args.weights->weights;
  const auto height = output_positions(args.height, args.pad_top, args.pad_bottom, weights.kernel_h,
                                       args.dilation_h, args.stride_h);
  const auto width = output_positions(args.width, args.pad_left, args.pad_right, weights.kernel_w,
                                      args.dilation_w, args.stride_w);
  require(height.has_value(), "height",
          "strides and dilations of at least 1, and a kernel within the padded input");
  require(width.has_value(), "width",
          "strides and dilations of at least 1, and a kernel within the padded input");
  const CheckedSize padded =
      CheckedSize(args.pad_top)
          .plus(args.height)
          .plus(args.pad_bottom)
          .times(CheckedSize(args.pad_left).plus(args.width).plus(args.pad_right).value());
  require(padded.fits() && padded.value() <= kMaxPaddedPositions, "height, width",
          "at most 2^28 positions in a padded plane");
  return {*height, *width};
}

void check_float_conv2d(const octavo_float_conv2d_args& args, const OutputSize& size) {
  const PackedFloatConv2d& weights = args.weights->weights;
  for (octavo_layout layout : {args.input_layout, args.output_layout}) {
    require(layout == OCTAVO_NCHW || layout == OCTAVO_NHWC, "layout", "OCTAVO_NCHW or OCTAVO_NHWC");
  }
  check_activation(args.epilogue);
  const CheckedSize input = CheckedSize(args.batch)
                                .times(weights.in_channels())
                                .times(args.height)
                                .times(args.width)
                                .times(sizeof(float));
  const CheckedSize output = CheckedSize(args.batch)
                                 .times(weights.out_channels)
                                 .times(size.height)
                                 .times(size.width)
                                 .times(sizeof(float));
  require(input.fits(), "input", "a size that fits memory");
  require(output.fits(), "out", "a size that fits memory");
  require(input.value() == 0 || args.input != nullptr, "input", "a pointer");
  require(output.value() == 0 || args.out != nullptr, "out", "a pointer");
  check_disjoint(args.out, output.value(), args.input, input.value(), "memory apart from input");
}

}  // namespace
}  // namespace octavo

octavo_status octavo_pack_float_conv2d(const octavo_float_conv2d_weights* weights,
                                       octavo_packed_float_conv2d** packed) {
  return octavo::at_boundary([&] {
    octavo::require(weights != nullptr, "weights", "a pointer");
    octavo::require(packed != nullptr, "packed", "a pointer");
    octavo::check_weights(*weights);
    *packed = new octavo_packed_float_conv2d{octavo::pack_float_conv2d(*weights)};
  });
}

void octavo_free_packed_float_conv2d(octavo_packed_float_conv2d* packed) { delete packed; }

size_t octavo_packed_float_conv2d_bytes(const octavo_packed_float_conv2d* packed) {
  return packed->weights.bytes();
}

size_t octavo_packed_float_conv2d_in_channels(const octavo_packed_float_conv2d* packed) {
  return packed->weights.in_channels();
}

size_t octavo_packed_float_conv2d_out_channels(const octavo_packed_float_conv2d* packed) {
  return packed->weights.out_channels;
}

octavo_status octavo_float_conv2d_output_size(const octavo_float_conv2d_args* args, size_t* height,
                                              size_t* width) {
  return octavo::at_boundary([&] {
    octavo::require(args != nullptr, "args", "a pointer");
    octavo::require(height != nullptr && width != nullptr, "height, width", "pointers");
    const octavo::OutputSize size = octavo::checked_size(*args);
    *height = size.height;
    *width = size.width;
  });
}

octavo_status octavo_float_conv2d(const octavo_float_conv2d_args* args) {
  return octavo::at_boundary([&] {
    octavo::require(args != nullptr, "args", "a pointer");
    const octavo::OutputSize size = octavo::checked_size(*args);
    octavo::check_float_conv2d(*args, size);
    octavo::float_conv2d(*args, args->weights->weights, size.height, size.width);
  });
}
