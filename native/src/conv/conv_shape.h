// The sizes that one convolution call works with, derived once from its arguments.
#ifndef OCTAVO_SRC_CONV_CONV_SHAPE_H_
#define OCTAVO_SRC_CONV_CONV_SHAPE_H_

#include <cstddef>
#include <optional>

#include "octavo/octavo.h"

namespace octavo {

struct KernelShape {
  size_t out_channels;
  size_t group_channels;
  size_t kernel_h;
  size_t kernel_w;
  size_t groups;

  size_t in_channels() const { return groups * group_channels; }
  size_t group_out_channels() const { return out_channels / groups; }
  size_t taps() const { return kernel_h * kernel_w; }
};

// Output positions along one axis; nothing where the sizes overflow, a stride or dilation is 0, or
// the dilated kernel is larger than the padded input.
std::optional<size_t> output_positions(size_t size, size_t pad_before, size_t pad_after,
                                       size_t kernel, size_t dilation, size_t stride);

struct ConvShape {
  ConvShape(const octavo_conv2d_args& args, const KernelShape& kernel, size_t out_height,
            size_t out_width);

  KernelShape kernel;
  size_t height, width;
  size_t out_height, out_width;
  size_t stride_h, stride_w;
  // 1 along an axis of one tap: whatever it is called with, a single tap has no neighbours.
  size_t dilation_h, dilation_w;
  size_t pad_top, pad_left, pad_bottom, pad_right;

  size_t pixels() const { return height * width; }
  size_t out_pixels() const { return out_height * out_width; }
  // Each output pixel reads exactly one input pixel, in order.
  bool is_pointwise() const;
};

}  // namespace octavo

#endif  // OCTAVO_SRC_CONV_CONV_SHAPE_H_
