// Float convolution of each channel by itself, with channels last.
#ifndef OCTAVO_SRC_FLOAT_CONV_FLOAT_DEPTHWISE_H_
#define OCTAVO_SRC_FLOAT_CONV_FLOAT_DEPTHWISE_H_

#include "base/aligned_buffer.h"
#include "cpu/isa.h"
#include "float_conv/float_depthwise_kernel.h"
#include "octavo/octavo.h"

namespace octavo {

// [kernel_h * kernel_w][channels], as floats, and the kernel that reads them.
struct DepthwiseWeights {
  DepthwiseSpanFn run = nullptr;
  AlignedBuffer<float> values;
};

// Weights with one input and one output channel a group.
bool is_depthwise(const octavo_float_conv2d_weights& weights);

// Throws std::bad_alloc.
DepthwiseWeights pack_float_depthwise(const octavo_float_conv2d_weights& weights,
                                      IsaSet available = active_isa());

// The shape of a depthwise convolution beyond its arguments.
struct DepthwiseShape {
  size_t channels;
  size_t kernel_h, kernel_w;
  size_t out_height, out_width;
};

// Arguments have been checked, and both layouts are NHWC; `args.weights` is not read. Throws
// std::bad_alloc.
void float_depthwise(const octavo_float_conv2d_args& args, const DepthwiseShape& shape,
                     const DepthwiseWeights& weights);

}  // namespace octavo

#endif  // OCTAVO_SRC_FLOAT_CONV_FLOAT_DEPTHWISE_H_
