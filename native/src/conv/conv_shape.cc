#include "conv/conv_shape.h"

#include "base/math.h"

namespace octavo {

std::optional<size_t> output_positions(size_t size, size_t pad_before, size_t pad_after,
                                       size_t kernel, size_t dilation, size_t stride) {
  if (kernel == 0 || dilation == 0 || stride == 0) return std::nullopt;
  const CheckedSize padded = CheckedSize(size).plus(pad_before).plus(pad_after);
  const CheckedSize extent = CheckedSize(kernel - 1).times(dilation).plus(1);
  if (!padded.fits() || !extent.fits() || extent.value() > padded.value()) return std::nullopt;
  return (padded.value() - extent.value()) / stride + 1;
}

ConvShape::ConvShape(const octavo_conv2d_args& args, const KernelShape& kernel_shape,
                     size_t output_height, size_t output_width)
    : kernel(kernel_shape),
      height(args.height),
      width(args.width),
      out_height(output_height),
      out_width(output_width),
      stride_h(args.stride_h),
      stride_w(args.stride_w),
      dilation_h(kernel.kernel_h == 1 ? 1 : args.dilation_h),
      dilation_w(kernel.kernel_w == 1 ? 1 : args.dilation_w),
      pad_top(args.pad_top),
      pad_left(args.pad_left),
      pad_bottom(args.pad_bottom),
      pad_right(args.pad_right) {}

bool ConvShape::is_pointwise() const {
  return kernel.taps() == 1 && stride_h == 1 && stride_w == 1 && pad_top == 0 && pad_left == 0 &&
         pad_bottom == 0 && pad_right == 0;
}

}  // namespace octavo
