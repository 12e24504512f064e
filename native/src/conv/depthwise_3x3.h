// One block of channels of a depthwise convolution by 3x3 taps that reads pixels where they lie.
#ifndef OCTAVO_SRC_CONV_DEPTHWISE_3X3_H_
#define OCTAVO_SRC_CONV_DEPTHWISE_3X3_H_

#include <cstddef>
#include <cstdint>

#include "conv/conv_shape.h"
#include "conv/depthwise_3x3_kernel.h"
#include "conv/depthwise_block_lanes.h"
#include "conv/depthwise_quad_layout.h"
#include "conv/depthwise_quads.h"
#include "octavo/octavo.h"

namespace octavo {

// Whether strides, dilation and scales are those of the kernel. Blocks must be as wide as a vector.
bool depthwise_3x3_fits(const octavo_conv2d_args& args, const ConvShape& shape);

class Depthwise3x3Block {
 public:
  // `block` is number `index` of those that weights were packed for.
  Depthwise3x3Block(const octavo_conv2d_args& args, const ConvShape& shape,
                    const PackedDepthwiseQuads& weights, size_t index, const ChannelBlock& block,
                    const DepthwiseQuadKernels& kernels);

  // `rows` rows of outputs of one image from y on.
  void run(size_t image, size_t y, size_t rows);

 private:
  // `row` counts from the first of the padding.
  void set_row(size_t image, size_t row, const uint8_t*& pixels, size_t& step) const;

  const octavo_conv2d_args& args_;
  const ConvShape& shape_;
  const DepthwiseQuadKernels& kernels_;
  const ChannelBlock& block_;
  DepthwiseBlockLanes lanes_;
  Depthwise3x3Run run_{};
  uint8_t padding_[kDepthwiseVector];
};

}  // namespace octavo

#endif  // OCTAVO_SRC_CONV_DEPTHWISE_3X3_H_
