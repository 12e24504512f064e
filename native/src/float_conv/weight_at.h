// One weight of a float convolution, whatever its format, as kernels multiply by it.
#ifndef OCTAVO_SRC_FLOAT_CONV_WEIGHT_AT_H_
#define OCTAVO_SRC_FLOAT_CONV_WEIGHT_AT_H_

#include "base/half.h"
#include "base/subnormal.h"
#include "octavo/octavo.h"

namespace octavo {

inline float weight_at(const octavo_float_conv2d_weights& weights, size_t index) {
  if (weights.type == OCTAVO_F32) return flushed(static_cast<const float*>(weights.data)[index]);
  const uint16_t bits = static_cast<const uint16_t*>(weights.data)[index];
  return weights.type == OCTAVO_F16 ? half_to_float(bits) : bfloat_to_float(flushed_bfloat(bits));
}

}  // namespace octavo

#endif  // OCTAVO_SRC_FLOAT_CONV_WEIGHT_AT_H_
