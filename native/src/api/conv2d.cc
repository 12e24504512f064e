// The part of the C API about convolution: every argument is checked here, and nowhere below.
#include "conv/conv2d.h"

#include "api/boundary.h"
#include "base/math.h"
#include "epilogue/epilogue_panel.h"

struct octavo_packed_conv2d {
  octavo::PackedConv2d weights;
};

namespace octavo {
namespace {

// A plane of this many positions holds any image; more comes from nonsensical padding, and would
// make a small call take all memory.
constexpr size_t kMaxPaddedPositions = size_t{1} << 28;

void check_weights(const octavo_conv2d_weights& weights) {
  check_byte_type(weights.type, "weights.type");
  require(weights.groups != 0, "weights.groups", "at least 1");
  require(weights.out_channels % weights.groups == 0, "weights.out_channels",
          "a multiple of weights.groups");
  require(weights.out_channels != 0, "weights.out_channels", "at least 1");
  require(weights.group_channels != 0, "weights.group_channels", "at least 1");
  require(weights.kernel_h != 0 && weights.kernel_w != 0, "weights.kernel_h, weights.kernel_w",
          "at least 1");
  check_zero_points(weights.zero_points, weights.zero_point_count, weights.out_channels,
                    weights.type, "weights.zero_points");
  const CheckedSize k = CheckedSize(weights.group_channels)
                            .times(weights.kernel_h)
                            .times(weights.kernel_w)
                            .plus(kMaxPanelColumns);
  const CheckedSize columns =
      CheckedSize(weights.out_channels / weights.groups).plus(kMaxPanelColumns);
  require(k.times(columns.value()).times(weights.groups).fits(), "weights",
          "a size that fits memory");
  require(weights.data != nullptr, "weights.data", "a pointer");
}

ConvShape checked_shape(const octavo_conv2d_args& args) {
  require(args.weights != nullptr, "weights", "packed weights");
  const KernelShape& kernel = args.weights->weights.shape;
  const auto out_height = output_positions(args.height, args.pad_top, args.pad_bottom,
                                           kernel.kernel_h, args.dilation_h, args.stride_h);
  const auto out_width = output_positions(args.width, args.pad_left, args.pad_right,
                                          kernel.kernel_w, args.dilation_w, args.stride_w);
  require(out_height.has_value(), "height",
          "strides and dilations of at least 1, and a kernel within the padded input");
  require(out_width.has_value(), "width",
          "strides and dilations of at least 1, and a kernel within the padded input");
  const CheckedSize padded =
      CheckedSize(args.pad_top)
          .plus(args.height)
          .plus(args.pad_bottom)
          .times(CheckedSize(args.pad_left).plus(args.width).plus(args.pad_right).value());
  require(padded.fits() && padded.value() <= kMaxPaddedPositions, "height, width",
          "at most 2^28 positions in a padded plane");
  return ConvShape(args, kernel, *out_height, *out_width);
}

void check_conv2d(const octavo_conv2d_args& args, const ConvShape& shape) {
  check_byte_type(args.input_type, "input_type");
  check_zero_points(&args.input_zero_point, 1, 1, args.input_type, "input_zero_point");
  for (octavo_layout layout : {args.input_layout, args.output_layout}) {
    require(layout == OCTAVO_NCHW || layout == OCTAVO_NHWC, "layout", "OCTAVO_NCHW or OCTAVO_NHWC");
  }
  require(args.epilogue.row_scales == nullptr, "epilogue.row_scales", "NULL for a convolution");
  check_epilogue(args.epilogue, shape.kernel.out_channels);
  const CheckedSize input =
      CheckedSize(args.batch).times(shape.kernel.in_channels()).times(shape.pixels());
  const CheckedSize output = CheckedSize(args.batch)
                                 .times(shape.kernel.out_channels)
                                 .times(shape.out_pixels())
                                 .times(output_bytes(args.epilogue.output));
  require(input.fits(), "input", "a size that fits memory");
  require(output.fits(), "out", "a size that fits memory");
  require(input.value() == 0 || args.input != nullptr, "input", "a pointer");
  require(output.value() == 0 || args.out != nullptr, "out", "a pointer");
  check_disjoint(args.out, output.value(), args.input, input.value(), "memory apart from input");
  const octavo_residual& residual = args.epilogue.residual;
  require(residual.data == nullptr || residual.stride == 0, "epilogue.residual.stride",
          "0 for a convolution");
  check_tail_apart(args.epilogue, output.value(), args.out, output.value());
}

}  // namespace
}  // namespace octavo

octavo_status octavo_pack_conv2d(const octavo_conv2d_weights* weights,
                                 octavo_packed_conv2d** packed) {
  return octavo::at_boundary([&] {
    octavo::require(weights != nullptr, "weights", "a pointer");
    octavo::require(packed != nullptr, "packed", "a pointer");
    octavo::check_weights(*weights);
    *packed = new octavo_packed_conv2d{octavo::pack_conv2d(*weights)};
  });
}

void octavo_free_packed_conv2d(octavo_packed_conv2d* packed) { delete packed; }

size_t octavo_packed_conv2d_bytes(const octavo_packed_conv2d* packed) {
  return packed->weights.bytes();
}

size_t octavo_packed_conv2d_in_channels(const octavo_packed_conv2d* packed) {
  return packed->weights.shape.in_channels();
}

size_t octavo_packed_conv2d_out_channels(const octavo_packed_conv2d* packed) {
  return packed->weights.shape.out_channels;
}

octavo_status octavo_conv2d_output_size(const octavo_conv2d_args* args, size_t* height,
                                        size_t* width) {
  return octavo::at_boundary([&] {
    octavo::require(args != nullptr && height != nullptr && width != nullptr, "args", "pointers");
    const octavo::ConvShape shape = octavo::checked_shape(*args);
    *height = shape.out_height;
    *width = shape.out_width;
  });
}

octavo_status octavo_conv2d(const octavo_conv2d_args* args) {
  return octavo::at_boundary([&] {
    octavo::require(args != nullptr, "args", "a pointer");
    const octavo::ConvShape shape = octavo::checked_shape(*args);
    octavo::check_conv2d(*args, shape);
    octavo::conv2d(*args, args->weights->weights, shape);
  });
}
