// Depthwise convolution of images whose pixels are rows of channels (NHWC) to quantized outputs,
// one channel for each input channel, on CPUs that multiply bytes in fours.
#ifndef OCTAVO_SRC_CONV_DEPTHWISE_QUADS_H_
#define OCTAVO_SRC_CONV_DEPTHWISE_QUADS_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/aligned_buffer.h"
#include "conv/conv_shape.h"
#include "conv/depthwise_quads_kernel.h"
#include "cpu/isa.h"
#include "octavo/octavo.h"

namespace octavo {

// Weights as [block][variant][quad][lane][4], as depthwise_quad_layout.h cuts them. The second
// variant, of kernels with a spare row, is the kernel moved down by one.
struct PackedDepthwiseQuads {
  size_t quads = 0;
  size_t variants = 0;
  AlignedBuffer<int8_t> weights;  // empty where kernels do not apply
  std::vector<int32_t> sums;      // of each channel's taps

  bool applies() const { return weights.size() != 0; }
  const int8_t* block(size_t index) const {
    return weights.data() + index * variants * quads * kDepthwiseQuadColumn;
  }
};

// `taps` as depthwise_taps() makes them. Empty where a tap less its zero point is no int8.
PackedDepthwiseQuads pack_depthwise_quads(const octavo_conv2d_weights& weights,
                                          const int16_t* taps);

// Null where this CPU has none.
const DepthwiseQuadKernels* select_depthwise_quads(IsaSet available = active_isa());

// Whether outputs are bytes, and a strip of them fits the scratch memory: dilations far beyond any
// model's do not.
bool depthwise_quads_fit(const octavo_conv2d_args& args, const ConvShape& shape);

// A whole batch, NHWC to NHWC.
void depthwise_quads(const octavo_conv2d_args& args, const ConvShape& shape,
                     const PackedDepthwiseQuads& weights, const DepthwiseQuadKernels& kernels);

}  // namespace octavo

#endif  // OCTAVO_SRC_CONV_DEPTHWISE_QUADS_H_
