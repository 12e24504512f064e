#include "conv/depthwise_kernel.h"

namespace octavo {

// Products of 16-bit values summed in 32 bits: the form that compilers vectorize for any baseline.
void depthwise_scalar(const DepthwiseRun& run) {
  for (size_t i = 0; i < run.count; ++i) run.acc[i] = static_cast<int32_t>(run.bias);
  for (size_t t = 0; t < run.taps; ++t) {
    const int16_t* __restrict values = run.values + run.offsets[t];
    int32_t* __restrict acc = run.acc;
    const int16_t weight = run.weights[t];
    for (size_t i = 0; i < run.count; ++i) {
      const uint32_t product = static_cast<uint32_t>(values[i] * weight);
      acc[i] = static_cast<int32_t>(static_cast<uint32_t>(acc[i]) + product);
    }
  }
}

}  // namespace octavo
