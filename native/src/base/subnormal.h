// Weights without subnormal numbers, each of which takes a processor a hundred cycles to multiply
// by.
#ifndef OCTAVO_SRC_BASE_SUBNORMAL_H_
#define OCTAVO_SRC_BASE_SUBNORMAL_H_

#include <bit>
#include <cstdint>

#include "base/word_square.h"

namespace octavo {

// +0 for zeros and subnormal numbers, x for any other.
inline float flushed(float x) {
  return (std::bit_cast<uint32_t>(x) & 0x7F800000) == 0 ? 0.0f : x;
}

// The same of floats by their bits.
inline WordVector flushed_words(WordVector bits) {
  return bits & reinterpret_cast<WordVector>((bits & 0x7F800000) != 0);
}

// The same of a bfloat16 by its bits.
inline uint16_t flushed_bfloat(uint16_t bits) {
  return (bits & 0x7F80) == 0 ? uint16_t{0} : bits;
}

}  // namespace octavo

#endif  // OCTAVO_SRC_BASE_SUBNORMAL_H_
