#include "conv/transpose.h"

#include <algorithm>
#include <cstdint>
#include <cstring>

namespace octavo {
namespace {

constexpr size_t kBlock = 8;

template <typename T>
void transpose_plain(const T* in, size_t rows, size_t columns, size_t in_stride, T* out,
                     size_t out_stride) {
  for (size_t c = 0; c < columns; ++c) {
    for (size_t r = 0; r < rows; ++r) out[c * out_stride + r] = in[r * in_stride + c];
  }
}

// Exchanges, in every pair of words `distance` apart, the high `bits` of the first with the low
// `bits` of the second, within each group of 2 * bits.
void exchange(uint64_t (&words)[kBlock], size_t distance, unsigned bits, uint64_t low_mask) {
  for (size_t i = 0; i < kBlock; ++i) {
    if ((i & distance) != 0) continue;
    const uint64_t difference = ((words[i] >> bits) ^ words[i + distance]) & low_mask;
    words[i] ^= difference << bits;
    words[i + distance] ^= difference;
  }
}

// An 8x8 block of bytes, as eight words: three rounds of exchanges.
void transpose_byte_block(const uint8_t* in, size_t in_stride, uint8_t* out, size_t out_stride) {
  uint64_t words[kBlock];
  for (size_t r = 0; r < kBlock; ++r) std::memcpy(&words[r], in + r * in_stride, kBlock);
  exchange(words, 1, 8, 0x00FF00FF00FF00FFu);
  exchange(words, 2, 16, 0x0000FFFF0000FFFFu);
  exchange(words, 4, 32, 0x00000000FFFFFFFFu);
  for (size_t c = 0; c < kBlock; ++c) std::memcpy(out + c * out_stride, &words[c], kBlock);
}

template <typename T>
void transpose_block(const T* in, size_t in_stride, T* out, size_t out_stride) {
  if constexpr (sizeof(T) == 1) {
    transpose_byte_block(in, in_stride, out, out_stride);
  } else {
    transpose_plain(in, kBlock, kBlock, in_stride, out, out_stride);
  }
}

template <typename T>
void transpose_blocks(const T* in, size_t rows, size_t columns, size_t in_stride, T* out,
                      size_t out_stride) {
  for (size_t r = 0; r < rows; r += kBlock) {
    for (size_t c = 0; c < columns; c += kBlock) {
      const T* source = in + r * in_stride + c;
      T* target = out + c * out_stride + r;
      if (rows - r >= kBlock && columns - c >= kBlock) {
        transpose_block(source, in_stride, target, out_stride);
      } else {
        transpose_plain(source, std::min(kBlock, rows - r), std::min(kBlock, columns - c),
                        in_stride, target, out_stride);
      }
    }
  }
}

}  // namespace

// Byte order does not matter: words are read and written the same way, and a big-endian word is
// the same block with both axes reversed.
void transpose(const void* in, size_t rows, size_t columns, size_t in_stride, void* out,
               size_t out_stride, size_t element_bytes) {
  if (element_bytes == 1) {
    transpose_blocks(static_cast<const uint8_t*>(in), rows, columns, in_stride,
                     static_cast<uint8_t*>(out), out_stride);
  } else {
    transpose_blocks(static_cast<const uint32_t*>(in), rows, columns, in_stride,
                     static_cast<uint32_t*>(out), out_stride);
  }
}

}  // namespace octavo
