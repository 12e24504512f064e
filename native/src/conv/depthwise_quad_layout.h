// How depthwise convolution by fours of taps cuts channels into vectors and a kernel into quads.
#ifndef OCTAVO_SRC_CONV_DEPTHWISE_QUAD_LAYOUT_H_
#define OCTAVO_SRC_CONV_DEPTHWISE_QUAD_LAYOUT_H_

#include <cstddef>
#include <vector>

#include "base/math.h"
#include "conv/depthwise_quads_kernel.h"

namespace octavo {

// Channels [start, start + count) of every pixel, in `width` >= count bytes: a vector holds those
// of kDepthwiseVector / width pixels.
struct ChannelBlock {
  size_t start, count, width;

  size_t pixels() const { return kDepthwiseVector / width; }
};

// Blocks of 64 channels, and one of 32, 16 and 8 each for those left.
inline std::vector<ChannelBlock> channel_blocks(size_t channels) {
  std::vector<ChannelBlock> blocks;
  size_t start = 0;
  for (size_t width = kDepthwiseVector; width >= 8; width /= 2) {
    for (; start + width <= channels; start += width) blocks.push_back({start, width, width});
  }
  // Few more, or few at all: the last ones once more.
  if (start < channels) {
    const size_t count = min_size(channels, 8);
    blocks.push_back({channels - count, count, 8});
  }
  return blocks;
}

// A kernel of `height` x `width` taps: planes of four rows, whose quads are columns, and a last one
// of one or two rows, whose quads are four or two neighbours in each. Three rows count as four: the
// other one has no taps.
struct QuadKernel {
  size_t height, width;

  size_t planes() const { return div_up(height, 4); }
  bool is_3x3() const { return height == 3 && width == 3; }
  // Whether a kernel moved down by a row has as many planes, so that two rows of outputs share
  // their columns.
  bool has_spare_row() const { return height % 4 == 3; }
  size_t rows(size_t plane) const {
    const size_t left = height - 4 * plane;
    return left >= 3 ? 4 : left;
  }
  size_t columns(size_t plane) const { return 4 / rows(plane); }
  size_t quads() const {
    size_t total = 0;
    for (size_t plane = 0; plane < planes(); ++plane) total += div_up(width, columns(plane));
    return total;
  }
};

}  // namespace octavo

#endif  // OCTAVO_SRC_CONV_DEPTHWISE_QUAD_LAYOUT_H_
