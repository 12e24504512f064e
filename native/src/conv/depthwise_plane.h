// An input plane in the form that makes every tap of a depthwise convolution one contiguous read.
#ifndef OCTAVO_SRC_CONV_DEPTHWISE_PLANE_H_
#define OCTAVO_SRC_CONV_DEPTHWISE_PLANE_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/aligned_buffer.h"
#include "conv/conv_shape.h"
#include "octavo/octavo.h"

namespace octavo {

// Values less their zero point, surrounded by the zeros of the padding, and split into one phase
// for each (row, column) modulo the strides: position (y, x) of the padded plane is at (y /
// stride_h, x / stride_w) of its phase. Output (y, x) then reads, for each tap, the value at
// offset(tap) + y * pitch + x, whatever the strides and dilations.
class DepthwisePlane {
 public:
  explicit DepthwisePlane(const ConvShape& shape);

  void load(const uint8_t* plane, octavo_type type, int32_t zero_point);

  const int16_t* values() const { return values_.data(); }
  size_t pitch() const { return pitch_; }
  // One for each tap in row-major order, and a repeated one where their number is odd.
  const std::vector<size_t>& offsets() const { return offsets_; }

 private:
  size_t place(size_t y, size_t x) const;

  const ConvShape& shape_;
  size_t pitch_;
  size_t phase_size_;
  AlignedBuffer<int16_t> values_;
  std::vector<size_t> offsets_;
};

}  // namespace octavo

#endif  // OCTAVO_SRC_CONV_DEPTHWISE_PLANE_H_
