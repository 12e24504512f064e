// Float convolution as products of rows gathered from the input: no im2col matrix is made.
#ifndef OCTAVO_SRC_FLOAT_CONV_FLOAT_CONV2D_H_
#define OCTAVO_SRC_FLOAT_CONV_FLOAT_CONV2D_H_

#include <vector>

#include "float_conv/few_outputs.h"
#include "float_conv/float_depthwise.h"
#include "float_gemm/pack_float.h"
#include "octavo/octavo.h"

namespace octavo {

struct PackedFloatConv2d {
  size_t out_channels;
  size_t group_channels;
  size_t kernel_h;
  size_t kernel_w;
  size_t groups;
  std::vector<PackedFloat> weights;  // one a group; k counts rows, columns, then channels
  DepthwiseWeights depthwise;        // where a group has one channel, once more for NHWC
  FewOutputs few_outputs;            // where a group has few outputs, once more

  size_t in_channels() const { return groups * group_channels; }
  size_t group_out_channels() const { return out_channels / groups; }
  size_t bytes() const;
};

// Throws std::bad_alloc.
PackedFloatConv2d pack_float_conv2d(const octavo_float_conv2d_weights& weights,
                                    IsaSet available = active_isa());

// Arguments have been checked; `args.weights` is not read. Throws std::bad_alloc.
void float_conv2d(const octavo_float_conv2d_args& args, const PackedFloatConv2d& weights,
                  size_t out_height, size_t out_width);

}  // namespace octavo

#endif  // OCTAVO_SRC_FLOAT_CONV_FLOAT_CONV2D_H_
