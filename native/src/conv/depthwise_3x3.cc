#include "conv/depthwise_3x3.h"

#include <algorithm>
#include <cmath>

#include "conv/depthwise_block_lanes.h"

namespace octavo {

bool depthwise_3x3_fits(const octavo_conv2d_args& args, const ConvShape& shape) {
  const QuadKernel kernel{shape.kernel.kernel_h, shape.kernel.kernel_w};
  const float* scales = args.epilogue.scales;
  return kernel.is_3x3() && shape.dilation_w == 1 && shape.stride_w <= 2 &&
         std::all_of(scales, scales + args.epilogue.scale_count,
                     [](float scale) { return std::fabs(scale) < 1; });
}

Depthwise3x3::Depthwise3x3(const octavo_conv2d_args& args, const ConvShape& shape,
                           const PackedDepthwiseQuads& weights,
                           const DepthwiseQuadKernels& kernels)
    : args_(args), shape_(shape), weights_(weights), kernels_(kernels) {
  if (!depthwise_3x3_fits(args, shape)) return;
  padding_ = AlignedBuffer<uint8_t>(
      std::max(kDepthwiseVector, shape.width * shape.kernel.out_channels));
  std::fill_n(padding_.data(), padding_.size(), static_cast<uint8_t>(args.input_zero_point));
}

Depthwise3x3Run Depthwise3x3::start(size_t index, const ChannelBlock& block) const {
  Depthwise3x3Run run{};
  run.outputs = block.pixels();
  run.width = shape_.width;
  run.step = shape_.kernel.out_channels;
  run.padding = padding_.data();
  run.left = shape_.pad_left;
  run.stride = shape_.stride_w;
  run.flip = sign_flip(args_.input_type);
  run.weights = weights_.block(index);
  run.count = shape_.out_width;
  return run;
}

void Depthwise3x3::run(size_t index, const ChannelBlock& block, size_t image, size_t y,
                       size_t rows) const {
  const DepthwiseBlockLanes lanes(args_, block, weights_.sums);
  Depthwise3x3Run run = start(index, block);
  run.lanes = lanes.lanes();
  uint8_t* out = static_cast<uint8_t*>(args_.out) + block.start;
  const size_t row_bytes = shape_.out_width * run.step;
  for (const size_t end = y + rows; y < end; y += run.outputs) {
    for (size_t i = 0; i < run.outputs; ++i) {
      // The last row takes the place of those beyond it.
      const size_t row = std::min(y + i, end - 1);
      set_rows(image, row, block.start, run.rows[i]);
      run.out[i] = out + (image * shape_.out_height + row) * row_bytes;
    }
    kernels_.run_3x3(run);
  }
}

void Depthwise3x3::set_rows(size_t image, size_t y, size_t channel,
                            const uint8_t* (&rows)[3]) const {
  for (size_t i = 0; i < 3; ++i) {
    const size_t row = y * shape_.stride_h + i * shape_.dilation_h;
    const bool is_padding = row < shape_.pad_top || row - shape_.pad_top >= shape_.height ||
                            shape_.width == 0;
    const size_t pixel = (image * shape_.height + row - shape_.pad_top) * shape_.width;
    rows[i] = is_padding ? padding_.data()
                         : static_cast<const uint8_t*>(args_.input) +
                               pixel * shape_.kernel.out_channels + channel;
  }
}

}  // namespace octavo
