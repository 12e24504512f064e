#include "base/math.h"
#include "float_conv/float_conv2d.h"

namespace octavo {

size_t PackedFloatConv2d::bytes() const {
  size_t total = depthwise.values.bytes() + few_outputs.values.bytes();
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
                           {},
                           pack_few_outputs(weights, available)};
  const size_t taps = weights.kernel_h * weights.kernel_w;
  const size_t k = taps * weights.group_channels;
  const size_t columns = packed.group_out_channels();
  const size_t group_bytes =
      CheckedSize(columns).times(k).times(element_bytes(weights.type)).value();
  packed.weights.reserve(weights.groups);
  for (size_t group = 0; group < weights.groups; ++group) {
    const uint8_t* from = static_cast<const uint8_t*>(weights.data) + group * group_bytes;
    packed.weights.push_back(
        pack_float(FloatTaps{from, weights.type, taps, weights.group_channels, columns, 1, taps, k},
                   available));
  }
  if (is_depthwise(weights)) packed.depthwise = pack_float_depthwise(weights, available);
  return packed;
}

}  // namespace octavo
