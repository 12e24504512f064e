#include "conv/transpose.h"

#include <algorithm>
#include <cstdint>
#include <cstring>

#include "conv/byte_square.h"
#include "threading/parallel_ranges.h"

namespace octavo {
namespace {

constexpr size_t kBlock = 8;
// Both sides of a tile: whole cache lines of bytes in and out, whose number the first-level cache
// holds.
constexpr size_t kTile = 64;

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

// The last square of a line of them overlaps the one before.
void transpose_squares(const uint8_t* in, size_t rows, size_t columns, size_t in_stride,
                       uint8_t* out, size_t out_stride) {
  for (size_t r = 0; r < rows; r += kByteSquare) {
    const size_t row = std::min(r, rows - kByteSquare);
    for (size_t c = 0; c < columns; c += kByteSquare) {
      const size_t column = std::min(c, columns - kByteSquare);
      transpose_byte_square(in + row * in_stride + column, in_stride,
                            out + column * out_stride + row, out_stride);
    }
  }
}

// Rows that are few, to columns without gaps: each column's vector is written over the garbage of
// the one before. The last columns are left to others; returns the first of them.
size_t transpose_few_rows(const uint8_t* in, size_t rows, size_t columns, size_t in_stride,
                          uint8_t* out) {
  size_t c = 0;
  // The last vector must end within the columns.
  const size_t needed = kByteSquare - 1 + div_up(kByteSquare, rows);
  for (; columns - c >= needed; c += kByteSquare) {
    transpose_few_byte_rows(in + c, rows, in_stride, out + c * rows, rows);
  }
  return c;
}

template <typename T>
void transpose_tile(const T* in, size_t rows, size_t columns, size_t in_stride, T* out,
                    size_t out_stride) {
  if constexpr (sizeof(T) == 1) {
    if (rows >= kByteSquare && columns >= kByteSquare) {
      return transpose_squares(in, rows, columns, in_stride, out, out_stride);
    }
    if (rows < kBlock && out_stride == rows) {
      const size_t done = transpose_few_rows(in, rows, columns, in_stride, out);
      in += done;
      out += done * out_stride;
      columns -= done;
    }
  }
  transpose_blocks(in, rows, columns, in_stride, out, out_stride);
}

// One dimension in tiles: the last takes what is left, up to almost another one.
struct Tiles {
  size_t size, side, count;

  Tiles(size_t all, size_t each)
      : size(all), side(each), count(std::max<size_t>(1, all / each)) {}
  size_t begin(size_t tile) const { return tile * side; }
  size_t length(size_t tile) const {
    return (tile + 1 == count ? size : begin(tile + 1)) - begin(tile);
  }
};

template <typename T>
void transpose_tiles(const T* in, size_t rows, size_t columns, size_t in_stride, T* out,
                     size_t out_stride) {
  // Few rows make tiles as large by longer ones.
  const size_t side = rows < kBlock ? kTile * kTile / kBlock : kTile;
  const Tiles down(rows, kTile), across(columns, side);
  const size_t per_task = div_up(kElementsPerTask, min_size(rows, kTile) * side);
  parallel_ranges(down.count * across.count, per_task, [=](size_t first, size_t count) {
    for (size_t tile = first; tile < first + count; ++tile) {
      const size_t r = tile / across.count, c = tile % across.count;
      transpose_tile(in + down.begin(r) * in_stride + across.begin(c), down.length(r),
                     across.length(c), in_stride,
                     out + across.begin(c) * out_stride + down.begin(r), out_stride);
    }
  });
}

}  // namespace

// Byte order does not matter: words are read and written the same way, and a big-endian word is
// the same block with both axes reversed.
void transpose(const void* in, size_t rows, size_t columns, size_t in_stride, void* out,
               size_t out_stride, size_t element_bytes) {
  if (rows == 0 || columns == 0) return;
  if (element_bytes == 1) {
    transpose_tiles(static_cast<const uint8_t*>(in), rows, columns, in_stride,
                    static_cast<uint8_t*>(out), out_stride);
  } else {
    transpose_tiles(static_cast<const uint32_t*>(in), rows, columns, in_stride,
                    static_cast<uint32_t*>(out), out_stride);
  }
}

}  // namespace octavo
