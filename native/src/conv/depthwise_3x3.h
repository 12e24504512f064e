// Depthwise convolution by 3x3 taps that reads pixels where they lie.
#ifndef OCTAVO_SRC_CONV_DEPTHWISE_3X3_H_
#define OCTAVO_SRC_CONV_DEPTHWISE_3X3_H_

#include <cstddef>
#include <cstdint>

#include "base/aligned_buffer.h"
#include "conv/conv_shape.h"
#include "conv/depthwise_3x3_kernel.h"
#include "conv/depthwise_quad_layout.h"
#include "conv/depthwise_quads.h"
#include "octavo/octavo.h"

namespace octavo {

// Whether taps, strides, dilation and scales are those of the kernel.
bool depthwise_3x3_fits(const octavo_conv2d_args& args, const ConvShape& shape);

class Depthwise3x3 {
 public:
  // Throws std::bad_alloc.
  Depthwise3x3(const octavo_conv2d_args& args, const ConvShape& shape,
               const PackedDepthwiseQuads& weights, const DepthwiseQuadKernels& kernels);

  bool applies(const ChannelBlock& block) const {
    return padding_.size() != 0 && block.pixels() <= kDepthwise3x3Rows;
  }

  // `rows` rows of outputs of one image from y on, of a block that this applies to: number `index`
  // of those that weights were packed for.
  void run(size_t index, const ChannelBlock& block, size_t image, size_t y, size_t rows) const;

 private:
  Depthwise3x3Run start(size_t index, const ChannelBlock& block) const;
  void set_rows(size_t image, size_t y, size_t channel, const uint8_t* (&rows)[3]) const;

  const octavo_conv2d_args& args_;
  const ConvShape& shape_;
  const PackedDepthwiseQuads& weights_;
  const DepthwiseQuadKernels& kernels_;
  AlignedBuffer<uint8_t> padding_;  // a row of it; empty where the kernel does not fit
};

}  // namespace octavo

#endif  // OCTAVO_SRC_CONV_DEPTHWISE_3X3_H_
