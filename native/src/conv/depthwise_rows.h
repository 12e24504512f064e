// Depthwise convolution of images whose pixels are rows of channels (NHWC), one output channel for
// each input channel.
#ifndef OCTAVO_SRC_CONV_DEPTHWISE_ROWS_H_
#define OCTAVO_SRC_CONV_DEPTHWISE_ROWS_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/aligned_buffer.h"
#include "conv/conv_shape.h"
#include "cpu/isa.h"
#include "octavo/octavo.h"

namespace octavo {

// Weights in blocks of channels, each [pairs][channel lanes][2]: taps of neighbouring kernel rows
// in pairs, and those of a last single row in pairs of neighbours, a zero after an odd one.
struct PackedDepthwiseRows {
  size_t pairs = 0;
  AlignedBuffer<int16_t> weights;  // empty where kernels do not apply
  std::vector<int32_t> sums;       // of each channel's taps

  bool applies() const { return weights.size() != 0; }
};

PackedDepthwiseRows pack_depthwise_rows(const octavo_conv2d_weights& weights);

// Whether a strip of outputs fits the scratch memory: dilations far beyond any model's do not.
bool depthwise_rows_fit(const ConvShape& shape);

// A whole batch, NHWC to NHWC.
void depthwise_rows(const octavo_conv2d_args& args, const ConvShape& shape,
                    const PackedDepthwiseRows& weights, IsaSet available = active_isa());

}  // namespace octavo

#endif  // OCTAVO_SRC_CONV_DEPTHWISE_ROWS_H_
