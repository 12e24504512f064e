#include "conv/depthwise_plane.h"

#include <algorithm>

#include "base/math.h"
#include "conv/depthwise_kernel.h"

namespace octavo {
namespace {

// Every `stride`-th byte of a row from `source`, less the zero point.
template <typename Byte>
void load_phase(const uint8_t* source, size_t stride, size_t count, int32_t zero_point,
                int16_t* __restrict out) {
  const Byte* bytes = reinterpret_cast<const Byte*>(source);
  const int16_t zero = static_cast<int16_t>(zero_point);
  if (stride == 1) {
    for (size_t i = 0; i < count; ++i) out[i] = static_cast<int16_t>(bytes[i] - zero);
  } else if (stride == 2) {
    for (size_t i = 0; i < count; ++i) out[i] = static_cast<int16_t>(bytes[2 * i] - zero);
  } else {
    for (size_t i = 0; i < count; ++i) out[i] = static_cast<int16_t>(bytes[stride * i] - zero);
  }
}

}  // namespace

DepthwisePlane::DepthwisePlane(const ConvShape& shape)
    : shape_(shape),
      pitch_(div_up(shape.pad_left + shape.width + shape.pad_right, shape.stride_w)),
      phase_size_(
          CheckedSize(div_up(shape.pad_top + shape.height + shape.pad_bottom, shape.stride_h))
              .times(pitch_)
              .value()),
      values_(CheckedSize(phase_size_)
                  .times(std::min(shape.stride_h, shape.pad_top + shape.height + shape.pad_bottom))
                  .times(std::min(shape.stride_w, shape.pad_left + shape.width + shape.pad_right))
                  .plus(kDepthwiseSlack)
                  .value()) {
  std::fill_n(values_.data(), values_.size(), static_cast<int16_t>(0));
  for (size_t kh = 0; kh < shape.kernel.kernel_h; ++kh) {
    for (size_t kw = 0; kw < shape.kernel.kernel_w; ++kw) {
      offsets_.push_back(place(kh * shape.dilation_h, kw * shape.dilation_w));
    }
  }
  if (offsets_.size() % 2 != 0) offsets_.push_back(0);
}

// A stride beyond the plane has a phase for each row or column that exists.
size_t DepthwisePlane::place(size_t y, size_t x) const {
  const size_t phases_per_row =
      std::min(shape_.stride_w, shape_.pad_left + shape_.width + shape_.pad_right);
  const size_t phase = y % shape_.stride_h * phases_per_row + x % shape_.stride_w;
  return phase * phase_size_ + y / shape_.stride_h * pitch_ + x / shape_.stride_w;
}

void DepthwisePlane::load(const uint8_t* plane, octavo_type type, int32_t zero_point) {
  const size_t stride = shape_.stride_w;
  const auto load = type == OCTAVO_S8 ? load_phase<int8_t> : load_phase<uint8_t>;
  for (size_t y = 0; y < shape_.height; ++y, plane += shape_.width) {
    for (size_t first = 0; first < std::min(stride, shape_.width); ++first) {
      const size_t count = div_up(shape_.width - first, stride);
      int16_t* out = values_.data() + place(shape_.pad_top + y, shape_.pad_left + first);
      load(plane + first, stride, count, zero_point, out);
    }
  }
}

}  // namespace octavo
