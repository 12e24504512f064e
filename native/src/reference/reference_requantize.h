// The normative epilogue, one element at a time: what every vectorized epilogue must equal.
#ifndef OCTAVO_SRC_REFERENCE_REFERENCE_REQUANTIZE_H_
#define OCTAVO_SRC_REFERENCE_REFERENCE_REQUANTIZE_H_

#include <cmath>
#include <cstddef>
#include <cstdint>

#include "octavo/octavo.h"

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

// The tail of a quantized epilogue: `q` through the table, then added to the residual at `index`.
inline int32_t finish(const octavo_epilogue& epilogue, int32_t q, size_t index) {
  const auto integer = [](octavo_type type, uint8_t byte) -> int32_t {
    return type == OCTAVO_S8 ? static_cast<int8_t>(byte) : byte;
  };
  if (epilogue.table != nullptr) {
    q = integer(epilogue.output, epilogue.table[static_cast<uint8_t>(q)]);
  }
  const octavo_residual& residual = epilogue.residual;
  if (residual.data == nullptr) return q;
  const int32_t r = integer(residual.type, static_cast<const uint8_t*>(residual.data)[index]);
  const float value = static_cast<float>(q), other = static_cast<float>(r);
  const float sum =
      residual.comes_first != 0
          ? std::fma(other, residual.residual_ratio,
                     std::fma(value, residual.ratio, residual.offset))
          : std::fma(value, residual.ratio,
                     std::fma(other, residual.residual_ratio, residual.offset));
  const float y = std::nearbyint(sum);
  if (y <= static_cast<float>(residual.clamp_min)) return residual.clamp_min;
  if (y >= static_cast<float>(residual.clamp_max)) return residual.clamp_max;
  return static_cast<int32_t>(y);
}

// f32(f32(acc) * scale), with scale = f32(row_scale * column_scale) when there is a row scale.
inline float dequantize(int32_t acc, float column_scale, const float* row_scale) {
  const float scale = row_scale == nullptr ? column_scale : *row_scale * column_scale;
  return static_cast<float>(acc) * scale;
}

}  // namespace octavo::reference

#endif  // OCTAVO_SRC_REFERENCE_REFERENCE_REQUANTIZE_H_
