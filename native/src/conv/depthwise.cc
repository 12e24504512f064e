#include "conv/depthwise.h"

#include <algorithm>

#include "base/math.h"
#include "epilogue/epilogue_panel.h"
#include "epilogue/select_epilogue.h"

namespace octavo {
namespace {

constexpr size_t kStrip = 256;

int32_t byte_as(uint8_t byte, octavo_type type) {
  return type == OCTAVO_S8 ? static_cast<int8_t>(byte) : byte;
}

// A plane less its zero point, surrounded by the zeros of its padding: no loop over taps has to
// look where the edges are.
class PaddedPlane {
 public:
  explicit PaddedPlane(const ConvShape& shape)
      : shape_(shape),
        width_(shape.pad_left + shape.width + shape.pad_right),
        values_(CheckedSize(shape.pad_top)
                    .plus(shape.height)
                    .plus(shape.pad_bottom)
                    .times(width_)
                    .value()) {
    std::fill_n(values_.data(), values_.size(), static_cast<int16_t>(0));
  }

  void load(const uint8_t* plane, octavo_type type, int32_t zero_point) {
    for (size_t y = 0; y < shape_.height; ++y, plane += shape_.width) {
      int16_t* row = values_.data() + (shape_.pad_top + y) * width_ + shape_.pad_left;
      for (size_t x = 0; x < shape_.width; ++x) {
        row[x] = static_cast<int16_t>(byte_as(plane[x], type) - zero_point);
      }
    }
  }

  const int16_t* at(size_t y, size_t x) const { return values_.data() + y * width_ + x; }

 private:
  const ConvShape& shape_;
  size_t width_;
  AlignedBuffer<int16_t> values_;
};

void accumulate(const int16_t* values, size_t stride, int16_t tap, uint32_t* acc, size_t count) {
  if (stride == 1) {
    for (size_t i = 0; i < count; ++i) acc[i] += static_cast<uint32_t>(values[i] * tap);
    return;
  }
  for (size_t i = 0; i < count; ++i) acc[i] += static_cast<uint32_t>(values[i * stride] * tap);
}

// Accumulators of `count` output pixels from (y, x) of one output plane.
void accumulate_strip(const PaddedPlane& plane, const ConvShape& shape, const int16_t* taps,
                      size_t y, size_t x, uint32_t bias, uint32_t* acc, size_t count) {
  std::fill_n(acc, count, bias);
  for (size_t kh = 0; kh < shape.kernel.kernel_h; ++kh) {
    for (size_t kw = 0; kw < shape.kernel.kernel_w; ++kw) {
      const int16_t* values = plane.at(y * shape.stride_h + kh * shape.dilation_h,
                                       x * shape.stride_w + kw * shape.dilation_w);
      accumulate(values, shape.stride_w, *taps++, acc, count);
    }
  }
}

// The epilogue's columns are pixels here, so a channel's scale and bias are repeated for each.
EpilogueTile channel_epilogue(const octavo_epilogue& epilogue, size_t channel, float* scales,
                              float* float_bias) {
  EpilogueTile tile{};
  tile.rows = 1;
  tile.acc_stride = kStrip;
  tile.zero_point = epilogue.zero_point;
  tile.clamp_min = epilogue.clamp_min;
  tile.clamp_max = epilogue.clamp_max;
  if (epilogue.scale_count != 0) {
    std::fill_n(scales, kStrip, epilogue.scales[epilogue.scale_count == 1 ? 0 : channel]);
    tile.scales = scales;
  }
  if (epilogue.float_bias != nullptr) {
    std::fill_n(float_bias, kStrip, epilogue.float_bias[channel]);
    tile.float_bias = float_bias;
  }
  return tile;
}

}  // namespace

AlignedBuffer<int16_t> depthwise_taps(const octavo_conv2d_weights& weights) {
  const size_t per_channel = weights.kernel_h * weights.kernel_w;
  AlignedBuffer<int16_t> taps(weights.out_channels * per_channel);
  const uint8_t* source = static_cast<const uint8_t*>(weights.data);
  for (size_t channel = 0; channel < weights.out_channels; ++channel) {
    int32_t zero_point = 0;
    if (weights.zero_point_count != 0) {
      zero_point = weights.zero_points[weights.zero_point_count == 1 ? 0 : channel];
    }
    for (size_t i = channel * per_channel; i < (channel + 1) * per_channel; ++i) {
      taps.data()[i] = static_cast<int16_t>(byte_as(source[i], weights.type) - zero_point);
    }
  }
  return taps;
}

void depthwise(const uint8_t* image, const octavo_conv2d_args& args, const ConvShape& shape,
               const int16_t* taps, uint8_t* out, IsaSet available) {
  const octavo_epilogue& epilogue = args.epilogue;
  const EpilogueFn finish = select_epilogue(epilogue_kind(epilogue.output), available).run;
  const size_t element = output_bytes(epilogue.output);
  const size_t per_input = shape.kernel.group_out_channels();
  alignas(kCacheLine) uint32_t acc[kStrip];
  float scales[kStrip], float_bias[kStrip];
  PaddedPlane plane(shape);
  for (size_t channel = 0; channel < shape.kernel.out_channels; ++channel) {
    if (channel % per_input == 0) {
      plane.load(image + channel / per_input * shape.pixels(), args.input_type,
                 args.input_zero_point);
    }
    const uint32_t bias =
        epilogue.bias == nullptr ? 0 : static_cast<uint32_t>(epilogue.bias[channel]);
    EpilogueTile tile = channel_epilogue(epilogue, channel, scales, float_bias);
    for (size_t y = 0; y < shape.out_height; ++y) {
      for (size_t x = 0; x < shape.out_width; x += kStrip) {
        tile.columns = std::min(kStrip, shape.out_width - x);
        accumulate_strip(plane, shape, taps + channel * shape.kernel.taps(), y, x, bias, acc,
                         tile.columns);
        tile.acc = reinterpret_cast<const int32_t*>(acc);
        tile.out = out + ((channel * shape.out_height + y) * shape.out_width + x) * element;
        finish(tile);
      }
    }
  }
}

}  // namespace octavo
