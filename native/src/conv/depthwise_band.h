// The rows of input under a row of outputs, of one block of channels, as vectors with padding.
#ifndef OCTAVO_SRC_CONV_DEPTHWISE_BAND_H_
#define OCTAVO_SRC_CONV_DEPTHWISE_BAND_H_

#include <cstddef>
#include <cstdint>

#include "base/aligned_buffer.h"
#include "conv/conv_shape.h"
#include "conv/depthwise_quad_layout.h"
#include "octavo/octavo.h"

namespace octavo {

// Vectors of a band and of the columns made of it at most: 24 KiB and 18 KiB, which the first-level
// cache holds.
inline constexpr size_t kBandVectors = 384;
inline constexpr size_t kColumnVectors = 72;
// Vectors of a row: with three or four rows and their columns they leave room for what comes in and
// goes out.
inline constexpr size_t kRowVectors = 32;

// A strip of outputs is cut into as many equal parts as a vector holds pixels: vector x is output x
// of each part. The input is split into a phase for each column modulo the stride, so that
// neighbours in the output are neighbours in memory.
struct Strip {
  size_t rows;     // of the input to keep: a power of two
  size_t outputs;  // vectors of outputs in a row
  size_t phases;
  size_t pitch;  // vectors of a phase

  // No more outputs than a row has, or than the input of fits: none if that of one does not.
  Strip(const ConvShape& shape, const ChannelBlock& block);

  size_t vectors() const { return phases * pitch; }
  // Vectors from that of an output to that of its tap `kw`.
  size_t offset(const ConvShape& shape, size_t kw) const {
    const size_t column = kw * shape.dilation_w;
    return column % shape.stride_w * pitch + column / shape.stride_w;
  }
};

// Rows are counted from the first of the padding, and copied once: a ring of them is kept.
class DepthwiseBand {
 public:
  DepthwiseBand(const octavo_conv2d_args& args, const ConvShape& shape, const ChannelBlock& block,
                const Strip& strip, const DepthwiseQuadKernels& kernels);

  // Begins with row `y` for the outputs from x on.
  void start(size_t image, size_t y, size_t x);

  // Copies rows up to `y`, over those that are not under the last row of outputs, or the last two
  // of a kernel with a spare row.
  void load_until(size_t y) {
    for (; loaded_ < y; ++loaded_) load_row(loaded_);
  }

  // A row that has been loaded.
  const uint8_t* row(size_t y) const {
    return vectors_ + (y & (strip_.rows - 1)) * row_bytes_;
  }

 private:
  void load_row(size_t y);
  void load_phase(const uint8_t* row, ptrdiff_t first, uint8_t* out) const;

  const octavo_conv2d_args& args_;
  const ConvShape& shape_;
  const ChannelBlock& block_;
  const Strip& strip_;
  const DepthwiseQuadKernels& kernels_;
  size_t row_bytes_;
  size_t image_ = 0, loaded_ = 0, x_ = 0;
  uint8_t padding_[kDepthwiseVector];
  // Quads of neighbours are read as far as these reach beyond the last row.
  alignas(kCacheLine) uint8_t vectors_[(kBandVectors + kColumnVectors) * kDepthwiseVector];
};

}  // namespace octavo

#endif  // OCTAVO_SRC_CONV_DEPTHWISE_BAND_H_
