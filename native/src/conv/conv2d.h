// 8-bit convolution: depthwise directly, everything else as a matrix product over rows of pixels.
#ifndef OCTAVO_SRC_CONV_CONV2D_H_
#define OCTAVO_SRC_CONV_CONV2D_H_

#include <vector>

#include "base/aligned_buffer.h"
#include "conv/conv_shape.h"
#include "conv/depthwise_quads.h"
#include "conv/depthwise_rows.h"
#include "cpu/isa.h"
#include "octavo/octavo.h"
#include "pack/pack_rhs.h"

namespace octavo {

// Either groups or depthwise_taps hold weights, and depthwise_rows and depthwise_quads further
// copies of the latter where their kernels apply.
struct PackedConv2d {
  KernelShape shape{};
  std::vector<PackedRhs> groups;  // K in the order [kernel_h][kernel_w][group_channels]
  // The only group once more where its channels are no multiple of four, but padded to one, for
  // PairedImage.
  PackedRhs padded_group;
  AlignedBuffer<int16_t> depthwise_taps;
  PackedDepthwiseRows depthwise_rows;
  PackedDepthwiseQuads depthwise_quads;

  bool is_depthwise() const { return groups.empty(); }
  const PackedRhs& image_weights() const {
    return padded_group.n != 0 ? padded_group : groups.front();
  }
  size_t bytes() const;
};

// Arguments have been checked. Both throw std::bad_alloc.
PackedConv2d pack_conv2d(const octavo_conv2d_weights& weights, IsaSet available = active_isa());
void conv2d(const octavo_conv2d_args& args, const PackedConv2d& weights, const ConvShape& shape,
            IsaSet available = active_isa());

}  // namespace octavo

#endif  // OCTAVO_SRC_CONV_CONV2D_H_
