// One block of channels of a depthwise convolution by fours of taps.
#ifndef OCTAVO_SRC_CONV_DEPTHWISE_QUAD_BLOCK_H_
#define OCTAVO_SRC_CONV_DEPTHWISE_QUAD_BLOCK_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <vector>

#include "base/aligned_buffer.h"
#include "conv/conv_shape.h"
#include "conv/depthwise_band.h"
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
  void set_parameters(const std::vector<int32_t>& sums);
  // Products of the input's zero point leave the sums through the bias.
  void set_bias(const int32_t* sums);
  void set_scales();

  // Lanes of channels that the block lacks get those of others. Four lanes have neighbours.
  template <typename T>
  void to_lanes(T (&channels)[kDepthwiseVector], T* lanes) const {
    std::fill(channels + block_.count, channels + block_.width, channels[0]);
    for (size_t lane = 0; lane < kDepthwiseVector; lane += 4) {
      std::memcpy(lanes + lane, channels + (depthwise_quad_byte(lane) & (block_.width - 1)),
                  4 * sizeof(T));
    }
  }

  static uint8_t flip(octavo_type type) { return type == OCTAVO_S8 ? 0x80 : 0; }

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
  DepthwiseQuadRun run_{};
  uint32_t offsets_[kDepthwiseMaxQuads];
  alignas(kCacheLine) int32_t bias_[kDepthwiseVector];
  alignas(kCacheLine) float scales_[kDepthwiseVector];
  alignas(kCacheLine) uint8_t columns_[kColumnVectors * kDepthwiseQuadColumn];
  alignas(kCacheLine) uint8_t outputs_[kColumnVectors * kDepthwiseVector];
};

}  // namespace octavo

#endif  // OCTAVO_SRC_CONV_DEPTHWISE_QUAD_BLOCK_H_
