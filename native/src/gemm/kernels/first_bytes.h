// The end of a row, shorter than what a kernel multiplies at once.
//
// Everything here has internal linkage: it is compiled once for each instruction set.
#ifndef OCTAVO_SRC_GEMM_KERNELS_FIRST_BYTES_H_
#define OCTAVO_SRC_GEMM_KERNELS_FIRST_BYTES_H_

#include <stddef.h>
#include <stdint.h>
#include <string.h>

namespace octavo {
namespace {

template <typename T>
__attribute__((always_inline)) inline uint64_t read_as(const uint8_t* bytes) {
  T value;
  memcpy(&value, bytes, sizeof(value));
  return value;
}

// `count` < 8 bytes, the first lowest, then zeros. (In a loop over them, which compilers vectorize,
// the end of a row would be larger than the rest of its kernel.)
__attribute__((always_inline)) inline uint64_t first_bytes(const uint8_t* bytes, size_t count) {
  uint64_t word = 0;
  if (count & 1) word = bytes[count - 1];
  if (count & 2) word = word << 16 | read_as<uint16_t>(bytes + (count & 4));
  if (count & 4) word = word << 32 | read_as<uint32_t>(bytes);
  return word;
}

}  // namespace
}  // namespace octavo

#endif  // OCTAVO_SRC_GEMM_KERNELS_FIRST_BYTES_H_
