// One block of channels of a depthwise convolution by fours of taps.
#ifndef OCTAVO_SRC_CONV_DEPTHWISE_QUAD_BLOCK_H_
#define OCTAVO_SRC_CONV_DEPTHWISE_QUAD_BLOCK_H_

#include <cstddef>
#include <cstdint>

#include "base/aligned_buffer.h"
#include "conv/conv_shape.h"
#include "conv/depthwise_band.h"
#include "conv/depthwise_block_lanes.h"
#include "conv/depthwise_quad_layout.h"
#include "conv/depthwise_quads.h"
#include "octavo/octavo.h"

namespace octavo {

inline constexpr size_t kDepthwiseMaxQuads = 64;

class DepthwiseQuadBlock {
 public:
  // `block` is number `index` of those that weights were packed for.
  DepthwiseQuadBlock(const octavo_conv2d_args& args, const ConvShape& shape,
                     const PackedDepthwiseQuads& weights, size_t index, const ChannelBlock& block,
                     const DepthwiseQuadKernels& kernels);

  // `rows` rows of outputs of one image from y on.
  void run(size_t image, size_t y, size_t rows);

 private:
  void set_offsets();

  void run_strip(size_t image, size_t y, size_t end, size_t x);

  // Columns of outputs whose window begins at row `top`. A spare row at `bottom` may be any other.
  void interleave(size_t top, size_t bottom);

  // The strip of outputs from x on, of the row that begins at pixel `row`.
  void finish(size_t row, size_t x);

  const octavo_conv2d_args& args_;
  const ConvShape& shape_;
  const DepthwiseQuadKernels& kernels_;
  ChannelBlock block_;
  Strip strip_;
  DepthwiseBand band_;
  QuadKernel kernel_;
  bool shares_columns_;
  size_t variant_bytes_;
  const int8_t* weights_;
  DepthwiseBlockLanes lanes_;
  DepthwiseQuadRun run_{};
  uint32_t offsets_[kDepthwiseMaxQuads];
  alignas(kCacheLine) uint8_t columns_[kColumnVectors * kDepthwiseQuadColumn];
  alignas(kCacheLine) uint8_t outputs_[kColumnVectors * kDepthwiseVector];
};

}  // namespace octavo

#endif  // OCTAVO_SRC_CONV_DEPTHWISE_QUAD_BLOCK_H_
