// The integer types that numbers are quantized to.
#ifndef OCTAVO_SRC_QUANTIZE_QUANTIZED_TYPE_H_
#define OCTAVO_SRC_QUANTIZE_QUANTIZED_TYPE_H_

#include <cstddef>
#include <cstdint>

#include "octavo/base.h"

namespace octavo {

inline size_t bytes_of_quantized(octavo_type type) {
  if (type == OCTAVO_S32) return 4;
  return type == OCTAVO_U16 || type == OCTAVO_S16 ? 2 : 1;
}

inline bool is_zero_point(int32_t value, octavo_type type) {
  if (type == OCTAVO_S32) return true;
  const int32_t count = type == OCTAVO_U16 || type == OCTAVO_S16 ? 65536 : 256;
  const int32_t lowest = type == OCTAVO_S8 || type == OCTAVO_S16 ? -count / 2 : 0;
  return lowest <= value && value < lowest + count;
}

}  // namespace octavo

#endif  // OCTAVO_SRC_QUANTIZE_QUANTIZED_TYPE_H_
