// Convolution of groups with one input channel each: every output plane reads one input plane.
#ifndef OCTAVO_SRC_CONV_DEPTHWISE_H_
#define OCTAVO_SRC_CONV_DEPTHWISE_H_

#include <cstddef>
#include <cstdint>

#include "base/aligned_buffer.h"
#include "conv/conv_shape.h"
#include "cpu/isa.h"
#include "octavo/octavo.h"

namespace octavo {

// Taps less their zero points, which fit 16 bits: [out_channels][depthwise_tap_count].
// A zero follows where kernel_h * kernel_w is odd: kernels take taps in pairs.
constexpr size_t depthwise_tap_count(size_t taps) { return taps + taps % 2; }
AlignedBuffer<int16_t> depthwise_taps(const octavo_conv2d_weights& weights);

// One image in planes [in_channels][height][width] to planes [out_channels][out_height][out_width].
void depthwise(const uint8_t* image, const octavo_conv2d_args& args, const ConvShape& shape,
               const int16_t* taps, uint8_t* out, IsaSet available);

}  // namespace octavo

#endif  // OCTAVO_SRC_CONV_DEPTHWISE_H_
