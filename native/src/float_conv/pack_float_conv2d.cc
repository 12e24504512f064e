#include <cstring>

#include "base/math.h"
#include "float_conv/float_conv2d.h"

namespace octavo {
namespace {

// [channels][taps] of every output channel as [taps][channels].
template <typename T>
void channels_last(const T* from, size_t rows, size_t channels, size_t taps, T* to) {
  for (size_t row = 0; row < rows; ++row) {
    for (size_t tap = 0; tap < taps; ++tap) {
      for (size_t channel = 0; channel < channels; ++channel) {
        *to++ = from[channel * taps + tap];
      }
    }
    from += channels * taps;
  }
}

}  // namespace

size_t PackedFloatConv2d::bytes() const {
  size_t total = depthwise.values.bytes();
  for (const PackedFloat& group : weights) total += group.bytes();
  return total;
}

PackedFloatConv2d pack_float_conv2d(const octavo_float_conv2d_weights& weights, IsaSet available) {
  PackedFloatConv2d packed{weights.out_channels,
                           weights.group_channels,
                           weights.kernel_h,
                           weights.kernel_w,
                           weights.groups,
                           {},
                           {}};
  const size_t taps = weights.kernel_h * weights.kernel_w;
  const size_t k = taps * weights.group_channels;
  const size_t columns = packed.group_out_channels();
  const size_t bytes = element_bytes(weights.type);
  AlignedBuffer<uint8_t> reordered(CheckedSize(columns).times(k).times(bytes).value());
  packed.weights.reserve(weights.groups);
  for (size_t group = 0; group < weights.groups; ++group) {
    const uint8_t* from = static_cast<const uint8_t*>(weights.data) + group * columns * k * bytes;
    if (weights.type == OCTAVO_F32) {
      channels_last(reinterpret_cast<const float*>(from), columns, weights.group_channels, taps,
                    reinterpret_cast<float*>(reordered.data()));
    } else {
      channels_last(reinterpret_cast<const uint16_t*>(from), columns, weights.group_channels, taps,
                    reinterpret_cast<uint16_t*>(reordered.data()));
    }
    packed.weights.push_back(
        pack_float({reordered.data(), weights.type, k, columns, 1, k}, available));
  }
  if (is_depthwise(weights)) packed.depthwise = pack_float_depthwise(weights, available);
  return packed;
}

}  // namespace octavo
