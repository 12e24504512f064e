// Half-precision numbers by their bits, exactly, without instructions for them.
#ifndef OCTAVO_SRC_BASE_HALF_H_
#define OCTAVO_SRC_BASE_HALF_H_

#include <bit>
#include <cstdint>

namespace octavo {

inline float bfloat_to_float(uint16_t bits) {
  return std::bit_cast<float>(static_cast<uint32_t>(bits) << 16);
}

// To nearest, ties to even; a NaN stays one.
inline uint16_t float_to_bfloat(float x) {
  const uint32_t bits = std::bit_cast<uint32_t>(x);
  if ((bits & 0x7FFFFFFF) > 0x7F800000) return static_cast<uint16_t>(bits >> 16 | 0x40);
  return static_cast<uint16_t>((bits + 0x7FFF + (bits >> 16 & 1)) >> 16);
}

inline float half_to_float(uint16_t bits) {
  const uint32_t sign = static_cast<uint32_t>(bits & 0x8000) << 16;
  const uint32_t magnitude = bits & 0x7FFF;
  constexpr uint32_t kInfinity = 0x7C00;
  // Infinities and NaNs keep their payload under a full exponent.
  if (magnitude >= kInfinity) return std::bit_cast<float>(sign | 0x7F800000 | magnitude << 13);
  // The exponent's bias differs by 112; multiplying also normalizes subnormal numbers, exactly.
  const float scaled = std::bit_cast<float>(magnitude << 13) * 0x1p112f;
  return std::bit_cast<float>(sign | std::bit_cast<uint32_t>(scaled));
}

}  // namespace octavo

#endif  // OCTAVO_SRC_BASE_HALF_H_
