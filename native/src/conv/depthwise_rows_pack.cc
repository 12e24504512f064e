#include "base/math.h"
#include "conv/depthwise_rows.h"
#include "conv/depthwise_rows_kernels.h"

namespace octavo {
namespace {

// One channel's taps, less their zero point.
struct Taps {
  const octavo_conv2d_weights& weights;

  int32_t operator()(size_t channel, size_t kh, size_t kw) const {
    if (kh >= weights.kernel_h || kw >= weights.kernel_w) return 0;
    const size_t index = (channel * weights.kernel_h + kh) * weights.kernel_w + kw;
    const uint8_t byte = static_cast<const uint8_t*>(weights.data)[index];
    const int32_t value = weights.type == OCTAVO_S8 ? static_cast<int8_t>(byte) : byte;
    if (weights.zero_point_count == 0) return value;
    return value - weights.zero_points[weights.zero_point_count == 1 ? 0 : channel];
  }
};

// Channels repeat in a block that has more lanes: those of several pixels, or of no use.
void pack_block(const Taps& taps, size_t first_channel, size_t channels, int16_t* out) {
  const size_t height = taps.weights.kernel_h, width = taps.weights.kernel_w;
  const auto put = [&](size_t kh0, size_t kw0, size_t kh1, size_t kw1) {
    for (size_t lane = 0; lane < kDepthwiseBlock; ++lane) {
      const size_t channel = first_channel + depthwise_channel(lane) % channels;
      *out++ = static_cast<int16_t>(taps(channel, kh0, kw0));
      *out++ = static_cast<int16_t>(taps(channel, kh1, kw1));
    }
  };
  for (size_t kh = 0; kh + 1 < height; kh += 2) {
    for (size_t kw = 0; kw < width; ++kw) put(kh, kw, kh + 1, kw);
  }
  if (height % 2 == 0) return;
  for (size_t kw = 0; kw < width; kw += 2) put(height - 1, kw, height - 1, kw + 1);
}

}  // namespace

PackedDepthwiseRows pack_depthwise_rows(const octavo_conv2d_weights& weights) {
  PackedDepthwiseRows packed;
  if (weights.out_channels != weights.groups) return packed;
  const size_t channels = weights.out_channels;
  packed.pairs = weights.kernel_h / 2 * weights.kernel_w +
                 (weights.kernel_h % 2 == 0 ? 0 : div_up(weights.kernel_w, 2));
  const size_t block_size = packed.pairs * kDepthwiseColumn;
  packed.weights = AlignedBuffer<int16_t>(div_up(channels, kDepthwiseBlock) * block_size);
  const Taps taps{weights};
  for (size_t block = 0; block * kDepthwiseBlock < channels; ++block) {
    pack_block(taps, depthwise_block_start(block, channels), min_size(channels, kDepthwiseBlock),
               packed.weights.data() + block * block_size);
  }
  packed.sums.resize(channels);
  for (size_t channel = 0; channel < channels; ++channel) {
    for (size_t kh = 0; kh < weights.kernel_h; ++kh) {
      for (size_t kw = 0; kw < weights.kernel_w; ++kw) {
        packed.sums[channel] += taps(channel, kh, kw);
      }
    }
  }
  return packed;
}

}  // namespace octavo
