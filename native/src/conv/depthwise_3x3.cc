#include "conv/depthwise_3x3.h"

#include <algorithm>
#include <cmath>
#include <cstring>

namespace octavo {

bool depthwise_3x3_fits(const octavo_conv2d_args& args, const ConvShape& shape) {
  const float* scales = args.epilogue.scales;
  const QuadKernel kernel{shape.kernel.kernel_h, shape.kernel.kernel_w};
  return kernel.is_3x3() && shape.dilation_w == 1 && shape.stride_w <= 2 &&
         std::all_of(scales, scales + args.epilogue.scale_count,
                     [](float scale) { return std::fabs(scale) < 1; });
}

Depthwise3x3Block::Depthwise3x3Block(const octavo_conv2d_args& args, const ConvShape& shape,
                                     const PackedDepthwiseQuads& weights, size_t index,
                                     const ChannelBlock& block,
                                     const DepthwiseQuadKernels& kernels)
    : args_(args),
      shape_(shape),
      kernels_(kernels),
      block_(block),
      lanes_(args, block, weights.sums) {
  std::memset(padding_, args.input_zero_point, sizeof(padding_));
  run_.width = shape.width;
  run_.padding = padding_;
  run_.left = shape.pad_left;
  run_.stride = shape.stride_w;
  run_.flip = sign_flip(args.input_type);
  run_.weights = weights.block(index);
  run_.lanes = lanes_.lanes();
  run_.count = shape.out_width;
  run_.out_stride = shape.kernel.out_channels;
}

void Depthwise3x3Block::run(size_t image, size_t y, size_t rows) {
  const size_t row_bytes = shape_.out_width * run_.out_stride;
  run_.out = static_cast<uint8_t*>(args_.out) + (image * shape_.out_height + y) * row_bytes +
             block_.start;
  for (const size_t end = y + rows; y < end; ++y, run_.out += row_bytes) {
    for (size_t i = 0; i < 3; ++i) {
      set_row(image, y * shape_.stride_h + i * shape_.dilation_h, run_.rows[i], run_.steps[i]);
    }
    kernels_.run_3x3(run_);
  }
}

void Depthwise3x3Block::set_row(size_t image, size_t row, const uint8_t*& pixels,
                                size_t& step) const {
  if (row < shape_.pad_top || row - shape_.pad_top >= shape_.height) {
    pixels = padding_;
    step = 0;
    return;
  }
  step = shape_.kernel.out_channels;
  pixels = static_cast<const uint8_t*>(args_.input) +
           (image * shape_.height + row - shape_.pad_top) * shape_.width * step + block_.start;
}

}  // namespace octavo
