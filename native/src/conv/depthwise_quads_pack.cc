#include <algorithm>

#include "conv/depthwise.h"
#include "conv/depthwise_quad_layout.h"
#include "conv/depthwise_quads.h"

namespace octavo {
namespace {

// The taps of all channels; zeros surround each kernel.
struct Taps {
  const int16_t* taps;
  QuadKernel kernel;

  // Rows are moved down by `shift`.
  int8_t at(size_t channel, size_t row, size_t column, size_t shift) const {
    if (row < shift || row - shift >= kernel.height || column >= kernel.width) return 0;
    const size_t count = depthwise_tap_count(kernel.height * kernel.width);
    return static_cast<int8_t>(
        taps[channel * count + (row - shift) * kernel.width + column]);
  }
};

int8_t* pack_variant(const Taps& taps, const ChannelBlock& block, size_t shift, int8_t* out) {
  for (size_t plane = 0; plane < taps.kernel.planes(); ++plane) {
    const size_t rows = taps.kernel.rows(plane), columns = taps.kernel.columns(plane);
    for (size_t first = 0; first < taps.kernel.width; first += columns) {
      for (size_t lane = 0; lane < kDepthwiseVector; ++lane) {
        const size_t channel =
            block.start + std::min(depthwise_quad_byte(lane) % block.width, block.count - 1);
        for (size_t i = 0; i < 4; ++i) {
          *out++ = taps.at(channel, 4 * plane + i % rows, first + i / rows, shift);
        }
      }
    }
  }
  return out;
}

bool are_bytes(const int16_t* taps, size_t count) {
  return std::all_of(taps, taps + count, [](int16_t tap) { return tap >= -128 && tap <= 127; });
}

}  // namespace

PackedDepthwiseQuads pack_depthwise_quads(const octavo_conv2d_weights& weights,
                                          const int16_t* taps) {
  PackedDepthwiseQuads packed;
  const size_t channels = weights.out_channels;
  const size_t count = depthwise_tap_count(weights.kernel_h * weights.kernel_w);
  if (channels != weights.groups || !are_bytes(taps, channels * count)) return packed;
  const Taps source{taps, {weights.kernel_h, weights.kernel_w}};
  const std::vector<ChannelBlock> blocks = channel_blocks(channels);
  packed.quads = source.kernel.quads();
  packed.variants = source.kernel.has_spare_row() ? 2 : 1;
  packed.weights = AlignedBuffer<int8_t>(blocks.size() * packed.variants * packed.quads *
                                         kDepthwiseQuadColumn);
  int8_t* out = packed.weights.data();
  for (const ChannelBlock& block : blocks) {
    for (size_t shift = 0; shift < packed.variants; ++shift) {
      out = pack_variant(source, block, shift, out);
    }
  }
  packed.sums.resize(channels);
  for (size_t channel = 0; channel < channels; ++channel) {
    for (size_t t = 0; t < count; ++t) packed.sums[channel] += taps[channel * count + t];
  }
  return packed;
}

}  // namespace octavo
