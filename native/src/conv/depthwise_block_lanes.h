// What makes bytes of the sums of a block of channels, in the order of its lanes.
#ifndef OCTAVO_SRC_CONV_DEPTHWISE_BLOCK_LANES_H_
#define OCTAVO_SRC_CONV_DEPTHWISE_BLOCK_LANES_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <vector>

#include "base/aligned_buffer.h"
#include "conv/depthwise_quad_layout.h"
#include "octavo/octavo.h"

namespace octavo {

// What turns int8 values into the uint8 ones 128 higher, and back.
inline uint8_t sign_flip(octavo_type type) { return type == OCTAVO_S8 ? 0x80 : 0; }

class DepthwiseBlockLanes {
 public:
  // `sums` are those of the taps of all channels.
  DepthwiseBlockLanes(const octavo_conv2d_args& args, const ChannelBlock& block,
                      const std::vector<int32_t>& sums)
      : block_(block) {
    set_bias(args, sums.data() + block.start);
    set_scales(args.epilogue);
    set_outputs(args.epilogue);
  }
  DepthwiseBlockLanes(const DepthwiseBlockLanes&) = delete;
  DepthwiseBlockLanes& operator=(const DepthwiseBlockLanes&) = delete;

  // Points into this object.
  const DepthwiseLanes& lanes() const { return lanes_; }

 private:
  // Products of the input's zero point leave the sums through the bias.
  void set_bias(const octavo_conv2d_args& args, const int32_t* sums);
  void set_scales(const octavo_epilogue& epilogue);
  void set_outputs(const octavo_epilogue& epilogue);

  // Lanes of channels that the block lacks get those of others. Four lanes have neighbours.
  template <typename T>
  void to_lanes(T (&channels)[kDepthwiseVector], T* lanes) const {
    std::fill(channels + block_.count, channels + block_.width, channels[0]);
    for (size_t lane = 0; lane < kDepthwiseVector; lane += 4) {
      std::memcpy(lanes + lane, channels + (depthwise_quad_byte(lane) & (block_.width - 1)),
                  4 * sizeof(T));
    }
  }

  const ChannelBlock& block_;
  DepthwiseLanes lanes_{};
  alignas(kCacheLine) int32_t bias_[kDepthwiseVector];
  alignas(kCacheLine) float scales_[kDepthwiseVector];
};

}  // namespace octavo

#endif  // OCTAVO_SRC_CONV_DEPTHWISE_BLOCK_LANES_H_
