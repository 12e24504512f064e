#include "conv/transpose.h"

#include <algorithm>
#include <cstdint>
#include <cstring>

#include "base/math.h"
#include "base/word_square.h"
#include "conv/byte_square.h"
#include "threading/parallel_ranges.h"

namespace octavo {
namespace {

// Both sides of a tile: whole cache lines of bytes in and out, whose number the first-level cache
// holds.
constexpr size_t kTile = 64;
// Rows so few that tiles are longer instead.
constexpr size_t kFewRows = 8;

// The elements that a vector of 128 bits holds are as many as the rows and columns of a square.
template <typename T>
struct Square;
template <>
struct Square<uint8_t> {
  using Vector = ByteVector;
  static constexpr size_t kSide = kByteSquare;
};
template <>
struct Square<uint32_t> {
  using Vector = WordVector;
  static constexpr size_t kSide = kWordSquare;
};

template <typename T>
void transpose_plain(const T* in, size_t rows, size_t columns, size_t in_stride, T* out,
                     size_t out_stride) {
  for (size_t c = 0; c < columns; ++c) {
    for (size_t r = 0; r < rows; ++r) out[c * out_stride + r] = in[r * in_stride + c];
  }
}

// Of `rows` rows; what lies beyond them in `out` is overwritten as far as a vector reaches.
template <typename T>
__attribute__((always_inline)) inline void transpose_square(const T* in, size_t rows,
                                                            size_t in_stride, T* out,
                                                            size_t out_stride) {
  constexpr size_t kSide = Square<T>::kSide;
  typename Square<T>::Vector square[kSide];
#pragma GCC unroll 16
  for (size_t r = 0; r < kSide; ++r) {
    square[r] = typename Square<T>::Vector{};
    if (r < rows) std::memcpy(&square[r], in + r * in_stride, sizeof square[r]);
  }
  transpose_rows(square);
#pragma GCC unroll 16
  for (size_t c = 0; c < kSide; ++c) {
    std::memcpy(out + c * out_stride, &square[c], sizeof square[c]);
  }
}

// The last square of a line of them overlaps the one before. Lines go along the side whose rows lie
// closer together: those of the other may share a set of the cache.
template <typename T>
void transpose_squares(const T* in, size_t rows, size_t columns, size_t in_stride, T* out,
                       size_t out_stride) {
  constexpr size_t kSide = Square<T>::kSide;
  const bool down = in_stride < out_stride;
  const size_t outer = down ? columns : rows, inner = down ? rows : columns;
  for (size_t i = 0; i < outer; i += kSide) {
    const size_t line = std::min(i, outer - kSide);
    for (size_t j = 0; j < inner; j += kSide) {
      const size_t along = std::min(j, inner - kSide);
      const size_t r = down ? along : line, c = down ? line : along;
      transpose_square(in + r * in_stride + c, kSide, in_stride, out + c * out_stride + r,
                       out_stride);
    }
  }
}

// Rows that are few, to columns without gaps: each column's vector is written over the garbage of
// the one before. The last columns are left to others; returns the first of them.
template <typename T>
size_t transpose_few_rows(const T* in, size_t rows, size_t columns, size_t in_stride, T* out) {
  constexpr size_t kSide = Square<T>::kSide;
  size_t c = 0;
  // The last vector must end within the columns.
  const size_t needed = kSide - 1 + div_up(kSide, rows);
  for (; columns - c >= needed; c += kSide) {
    transpose_square(in + c, rows, in_stride, out + c * rows, rows);
  }
  return c;
}

template <typename T>
void transpose_tile(const T* in, size_t rows, size_t columns, size_t in_stride, T* out,
                    size_t out_stride) {
  constexpr size_t kSide = Square<T>::kSide;
  if (rows >= kSide && columns >= kSide) {
    return transpose_squares(in, rows, columns, in_stride, out, out_stride);
  }
  if (rows < kSide && out_stride == rows) {
    const size_t done = transpose_few_rows(in, rows, columns, in_stride, out);
    in += done;
    out += done * out_stride;
    columns -= done;
  }
  transpose_plain(in, rows, columns, in_stride, out, out_stride);
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
  const size_t side = rows < kFewRows ? kTile * kTile / kFewRows : kTile;
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
