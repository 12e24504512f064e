// The normative epilogue, one element at a time: what every vectorized epilogue must equal.
#ifndef OCTAVO_SRC_REFERENCE_REFERENCE_REQUANTIZE_H_
#define OCTAVO_SRC_REFERENCE_REFERENCE_REQUANTIZE_H_

#include <cmath>
#include <cstdint>

namespace octavo::reference {

// clamp(rne(f32(f32(acc) * scale)) + zero_point). The sum is exact in float64.
inline int32_t requantize(int32_t acc, float scale, int32_t zero_point, int32_t clamp_min,
                          int32_t clamp_max) {
  const float product = static_cast<float>(acc) * scale;
  if (std::isnan(product)) return clamp_min;
  const double y = static_cast<double>(std::nearbyint(product)) + zero_point;
  if (y <= clamp_min) return clamp_min;
  if (y >= clamp_max) return clamp_max;
  return static_cast<int32_t>(y);
}

// f32(f32(acc) * scale), with scale = f32(row_scale * column_scale) when there is a row scale.
inline float dequantize(int32_t acc, float column_scale, const float* row_scale) {
  const float scale = row_scale == nullptr ? column_scale : *row_scale * column_scale;
  return static_cast<float>(acc) * scale;
}

}  // namespace octavo::reference

#endif  // OCTAVO_SRC_REFERENCE_REFERENCE_REQUANTIZE_H_
