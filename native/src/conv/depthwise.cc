#include "conv/depthwise.h"

#include <algorithm>

#include "conv/depthwise_plane.h"
#include "conv/select_depthwise.h"
#include "epilogue/epilogue_panel.h"
#include "epilogue/select_epilogue.h"

namespace octavo {
namespace {

constexpr size_t kStrip = 1024;

// Output rows and columns that share one run of the kernel: between the rows of a narrow plane it
// computes a few sums that nobody reads, which costs less than short runs.
struct Strip {
  size_t row, rows;
  size_t column, columns;
};

class DepthwiseChannel {
 public:
  DepthwiseChannel(const octavo_conv2d_args& args, const ConvShape& shape, IsaSet available)
      : epilogue_(args.epilogue),
        shape_(shape),
        run_(select_depthwise(available).run),
        finish_(select_epilogue(epilogue_kind(args.epilogue.output), available).run),
        element_(output_bytes(args.epilogue.output)) {}

  void run(const DepthwisePlane& plane, size_t channel, const int16_t* taps, uint8_t* out) {
    repeat_for_columns(channel);
    const size_t pitch = plane.pitch();
    const size_t columns = std::min(kStrip, shape_.out_width);
    const size_t rows = columns < shape_.out_width ? 1 : std::max<size_t>(1, kStrip / pitch);
    for (size_t y = 0; y < shape_.out_height; y += rows) {
      for (size_t x = 0; x < shape_.out_width; x += columns) {
        run_strip(
            plane, channel, taps,
            {y, std::min(rows, shape_.out_height - y), x, std::min(columns, shape_.out_width - x)},
            out);
      }
    }
  }

 private:
  // The epilogue's columns are pixels here: a channel's scale and bias serve each of them.
  void repeat_for_columns(size_t channel) {
    const size_t count = std::min(kStrip, shape_.out_width);
    if (epilogue_.scale_count != 0) {
      std::fill_n(scales_, count, epilogue_.scales[epilogue_.scale_count == 1 ? 0 : channel]);
    }
    if (epilogue_.float_bias != nullptr) {
      std::fill_n(float_bias_, count, epilogue_.float_bias[channel]);
    }
  }

  void run_strip(const DepthwisePlane& plane, size_t channel, const int16_t* taps,
                 const Strip& strip, uint8_t* out) {
    DepthwiseRun run;
    run.values = plane.values() + strip.row * plane.pitch() + strip.column;
    run.offsets = plane.offsets().data();
    run.weights = taps;
    run.taps = plane.offsets().size();
    run.bias = epilogue_.bias == nullptr ? 0 : static_cast<uint32_t>(epilogue_.bias[channel]);
    run.count = (strip.rows - 1) * plane.pitch() + strip.columns;
    run.acc = acc_;
    run_(run);
    EpilogueTile tile{};
    tile.rows = strip.rows;
    tile.columns = strip.columns;
    tile.acc = acc_;
    tile.acc_stride = plane.pitch();
    tile.scales = scales_;
    tile.float_bias = epilogue_.float_bias == nullptr ? nullptr : float_bias_;
    tile.zero_point = epilogue_.zero_point;
    tile.clamp_min = epilogue_.clamp_min;
    tile.clamp_max = epilogue_.clamp_max;
    tile.out = out + (strip.row * shape_.out_width + strip.column) * element_;
    tile.out_stride = shape_.out_width;
    finish_(tile);
  }

  const octavo_epilogue& epilogue_;
  const ConvShape& shape_;
  DepthwiseFn run_;
  EpilogueFn finish_;
  size_t element_;
  alignas(kCacheLine) int32_t acc_[kStrip + kDepthwiseSlack];
  alignas(kCacheLine) float scales_[kStrip];
  alignas(kCacheLine) float float_bias_[kStrip];
};

}  // namespace

AlignedBuffer<int16_t> depthwise_taps(const octavo_conv2d_weights& weights) {
  const size_t taps = weights.kernel_h * weights.kernel_w;
  const size_t count = depthwise_tap_count(taps);
  AlignedBuffer<int16_t> packed(weights.out_channels * count);
  std::fill_n(packed.data(), packed.size(), static_cast<int16_t>(0));
  const uint8_t* source = static_cast<const uint8_t*>(weights.data);
  for (size_t channel = 0; channel < weights.out_channels; ++channel, source += taps) {
    int32_t zero_point = 0;
    if (weights.zero_point_count != 0) {
      zero_point = weights.zero_points[weights.zero_point_count == 1 ? 0 : channel];
    }
    for (size_t t = 0; t < taps; ++t) {
      const int32_t weight = weights.type == OCTAVO_S8 ? static_cast<int8_t>(source[t]) : source[t];
      packed.data()[channel * count + t] = static_cast<int16_t>(weight - zero_point);
    }
  }
  return packed;
}

void depthwise(const uint8_t* image, const octavo_conv2d_args& args, const ConvShape& shape,
               const int16_t* taps, uint8_t* out, IsaSet available) {
  const size_t per_input = shape.kernel.group_out_channels();
  const size_t tap_count = depthwise_tap_count(shape.kernel.taps());
  const size_t plane_bytes = shape.out_pixels() * output_bytes(args.epilogue.output);
  DepthwisePlane plane(shape);
  DepthwiseChannel outputs(args, shape, available);
  for (size_t channel = 0; channel < shape.kernel.out_channels; ++channel) {
    if (channel % per_input == 0) {
      plane.load(image + channel / per_input * shape.pixels(), args.input_type,
                 args.input_zero_point);
    }
    outputs.run(plane, channel, taps + channel * tap_count, out + channel * plane_bytes);
  }
}

}  // namespace octavo
