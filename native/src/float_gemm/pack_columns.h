// Columns of weights whose elements lie apart from those of their neighbours, as convolutions and
// transposed matrices have them, into one panel. `Format` says how an element is stored, or a
// vector of 32-bit ones.
#ifndef OCTAVO_SRC_FLOAT_GEMM_PACK_COLUMNS_H_
#define OCTAVO_SRC_FLOAT_GEMM_PACK_COLUMNS_H_

#include <algorithm>
#include <cstddef>
#include <cstring>

#include "base/word_square.h"
#include "float_gemm/pack_float.h"

namespace octavo {

// Elements of a column that are read at once: their cache lines are used up before they leave.
inline constexpr size_t kColumnDepth = 64;

// The rows of a panel in the order in which a column has its elements: channels, then taps.
class RowsOfColumn {
 public:
  RowsOfColumn(const FloatTaps& weights, size_t element)
      : weights_(weights), channel_(element / weights.taps), tap_(element % weights.taps) {}

  size_t next() {
    const size_t row = tap_ * weights_.channels + channel_;
    if (++tap_ == weights_.taps) {
      tap_ = 0;
      ++channel_;
    }
    return row;
  }

 private:
  const FloatTaps& weights_;
  size_t channel_, tap_;
};

// Whether the elements of a column are neighbours.
inline bool has_whole_columns(const FloatTaps& weights) {
  return weights.channel_stride == weights.taps && (weights.taps == 1 || weights.tap_stride == 1);
}

// `depth` elements of each of four columns, from the element `first` on: a square at a time.
template <typename Format, typename T = typename Format::T>
void copy_squares(const FloatTaps& weights, const T* from, size_t first, size_t depth, size_t width,
                  T* to) {
  static_assert(sizeof(T) == sizeof(uint32_t));
  RowsOfColumn rows(weights, first);
  for (size_t i = first; i < first + depth; i += kWordSquare) {
    WordVector square[kWordSquare];
    for (size_t column = 0; column < kWordSquare; ++column) {
      std::memcpy(&square[column], from + column * weights.n_stride + i, sizeof square[column]);
      square[column] = Format::stored_words(square[column]);
    }
    transpose_rows(square);
    for (const WordVector& row : square) std::memcpy(to + rows.next() * width, &row, sizeof row);
  }
}

// Columns of neighbouring 32-bit elements.
template <typename Format, typename T = typename Format::T>
void copy_whole_columns(const FloatTaps& weights, const T* from, size_t columns, size_t width,
                        T* to) {
  const size_t depth = weights.taps * weights.channels;
  for (size_t first = 0; first < depth; first += kColumnDepth) {
    const size_t last = std::min(depth, first + kColumnDepth);
    for (size_t column = 0; column < columns;) {
      const bool is_square = columns - column >= kWordSquare;
      const size_t squares = is_square ? (last - first) / kWordSquare * kWordSquare : 0;
      const T* source = from + column * weights.n_stride;
      copy_squares<Format>(weights, source, first, squares, width, to + column);
      const size_t end = column + (is_square ? kWordSquare : 1);
      for (; column < end; ++column, source += weights.n_stride) {
        RowsOfColumn rows(weights, first + squares);
        for (size_t i = first + squares; i < last; ++i) {
          to[rows.next() * width + column] = Format::stored(source[i]);
        }
      }
    }
  }
}

// Columns of elements that lie anyhow.
template <typename Format, typename T = typename Format::T>
void copy_strided_columns(const FloatTaps& weights, const T* from, size_t columns, size_t width,
                          T* to) {
  const size_t taps = weights.taps, channels = weights.channels;
  const size_t step = std::max<size_t>(1, kColumnDepth / taps);
  for (size_t first = 0; first < channels; first += step) {
    const size_t last = std::min(channels, first + step);
    for (size_t column = 0; column < columns; ++column) {
      for (size_t tap = 0; tap < taps; ++tap) {
        const T* source = from + column * weights.n_stride + tap * weights.tap_stride;
        T* target = to + tap * channels * width + column;
        for (size_t channel = first; channel < last; ++channel) {
          target[channel * width] = Format::stored(source[channel * weights.channel_stride]);
        }
      }
    }
  }
}

// `columns` columns into a panel that is `width` wide.
template <typename Format, typename T = typename Format::T>
void copy_columns(const FloatTaps& weights, const T* from, size_t columns, size_t width, T* to) {
  if (columns != width) std::fill(to, to + weights.taps * weights.channels * width, T{});
  if constexpr (sizeof(T) == sizeof(uint32_t)) {
    if (has_whole_columns(weights)) {
      return copy_whole_columns<Format>(weights, from, columns, width, to);
    }
  }
  copy_strided_columns<Format>(weights, from, columns, width, to);
}

}  // namespace octavo

#endif  // OCTAVO_SRC_FLOAT_GEMM_PACK_COLUMNS_H_
