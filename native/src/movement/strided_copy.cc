#include "movement/strided_copy.h"

#include <algorithm>
#include <cstdint>
#include <cstring>

#include "conv/transpose.h"
#include "threading/parallel_ranges.h"

namespace octavo {
namespace {

struct Origins {
  ptrdiff_t in = 0, out = 0;
};

// Where piece `index` of all dimensions but the last `inner` ones begins.
Origins origins_of(const StridedCopy& copy, size_t inner, size_t index) {
  Origins origins;
  for (size_t i = copy.rank - inner; i > 0; --i) {
    const ptrdiff_t position = static_cast<ptrdiff_t>(index % copy.shape[i - 1]);
    index /= copy.shape[i - 1];
    origins.in += position * copy.in_strides[i - 1];
    origins.out += position * copy.out_strides[i - 1];
  }
  return origins;
}

size_t elements(const size_t* shape, size_t rank) {
  size_t product = 1;
  for (size_t i = 0; i < rank; ++i) product *= shape[i];
  return product;
}

template <typename T>
void copy_line(const T* in, ptrdiff_t in_stride, T* out, ptrdiff_t out_stride, size_t count) {
  if (in_stride == 1 && out_stride == 1) {
    std::memcpy(out, in, count * sizeof(T));
  } else if (in_stride == 0 && out_stride == 1) {
    std::fill_n(out, count, *in);
  } else {
    for (size_t i = 0; i < count; ++i, in += in_stride, out += out_stride) *out = *in;
  }
}

// Whether the last two dimensions are a matrix whose rows become columns.
bool is_matrix_transpose(const StridedCopy& copy, size_t element_bytes) {
  if (copy.rank < 2 || (element_bytes != 1 && element_bytes != 4)) return false;
  const size_t row = copy.rank - 2, column = copy.rank - 1;
  return copy.in_strides[row] == 1 && copy.out_strides[column] == 1 &&
         copy.in_strides[column] > 1 && copy.out_strides[row] > 0;
}

// Calls run(origins) for each piece; `inner` dimensions belong to a piece.
template <typename Run>
void for_each_piece(const StridedCopy& copy, size_t inner, Run&& run) {
  const size_t pieces = elements(copy.shape, copy.rank - inner);
  const size_t size = elements(copy.shape + copy.rank - inner, inner);
  if (size == 0) return;
  parallel_ranges(pieces, div_up(kElementsPerTask, size), [&](size_t first, size_t count) {
    for (size_t piece = first; piece < first + count; ++piece) {
      run(origins_of(copy, inner, piece));
    }
  });
}

// Short lines would each cost more to find than to copy: a piece has this many elements if it can.
constexpr size_t kPieceElements = 64;
// Lines of fewer elements are copied across, if that makes longer ones.
constexpr size_t kShortLine = 5;

// Dimensions of a piece, at least one.
size_t piece_rank(const StridedCopy& copy) {
  size_t rank = 1, size = copy.shape[copy.rank - 1];
  while (rank < copy.rank && size < kPieceElements) {
    ++rank;
    size *= copy.shape[copy.rank - rank];
  }
  return rank;
}

// `count` indices of a dimension, from where `in` and `out` are.
template <typename T>
void copy_piece(const StridedCopy& copy, size_t dimension, size_t count, const T* in, T* out) {
  const ptrdiff_t in_stride = copy.in_strides[dimension], out_stride = copy.out_strides[dimension];
  if (dimension + 1 == copy.rank) return copy_line(in, in_stride, out, out_stride, count);
  const size_t next = dimension + 1, size = copy.shape[next];
  if (next + 1 == copy.rank && size < kShortLine && size < count) {
    for (size_t i = 0; i < size; ++i, in += copy.in_strides[next], out += copy.out_strides[next]) {
      copy_line(in, in_stride, out, out_stride, count);
    }
    return;
  }
  for (size_t i = 0; i < count; ++i, in += in_stride, out += out_stride) {
    copy_piece(copy, next, size, in, out);
  }
}

// Pieces are cut along their first dimension where one would be more than a task.
template <typename T>
void copy_pieces(const StridedCopy& copy, const T* in, T* out) {
  const size_t inner = piece_rank(copy), cut = copy.rank - inner;
  const size_t each = elements(copy.shape + cut + 1, inner - 1), size = copy.shape[cut];
  if (each == 0 || size == 0) return;
  const size_t range = std::min(size, div_up(kElementsPerTask, each));
  const size_t ranges = div_up(size, range);
  parallel_ranges(elements(copy.shape, cut) * ranges, div_up(kElementsPerTask, range * each),
                  [&](size_t first, size_t count) {
                    for (size_t i = first; i < first + count; ++i) {
                      const Origins origins = origins_of(copy, inner, i / ranges);
                      const size_t from = i % ranges * range;
                      const ptrdiff_t at = static_cast<ptrdiff_t>(from);
                      copy_piece(copy, cut, std::min(range, size - from),
                                 in + origins.in + at * copy.in_strides[cut],
                                 out + origins.out + at * copy.out_strides[cut]);
                    }
                  });
}

template <typename T>
void copy_as(const StridedCopy& copy, const T* in, T* out) {
  if (copy.rank == 0) {
    *out = *in;
  } else if (is_matrix_transpose(copy, sizeof(T))) {
    const size_t last = copy.rank - 1;
    for_each_piece(copy, 2, [&](const Origins& origins) {
      transpose(in + origins.in, copy.shape[last], copy.shape[last - 1],
                static_cast<size_t>(copy.in_strides[last]), out + origins.out,
                static_cast<size_t>(copy.out_strides[last - 1]), sizeof(T));
    });
  } else {
    copy_pieces(copy, in, out);
  }
}

template <typename T>
void copy_elements(const StridedCopy& copy, const void* in, void* out) {
  copy_as(copy, static_cast<const T*>(in), static_cast<T*>(out));
}

}  // namespace

void copy_strided(const StridedCopy& copy, const void* in, void* out, size_t element_bytes) {
  switch (element_bytes) {
    case 1:
      return copy_elements<uint8_t>(copy, in, out);
    case 2:
      return copy_elements<uint16_t>(copy, in, out);
    case 4:
      return copy_elements<uint32_t>(copy, in, out);
    default:
      return copy_elements<uint64_t>(copy, in, out);
  }
}

void gather_rows(const void* in, std::span<const size_t> indices, size_t row_bytes, void* out) {
  const uint8_t* rows = static_cast<const uint8_t*>(in);
  uint8_t* to = static_cast<uint8_t*>(out);
  if (row_bytes == 0) return;
  parallel_ranges(indices.size(), div_up(4 * kElementsPerTask, row_bytes),
                  [&](size_t first, size_t count) {
                    for (size_t i = first; i < first + count; ++i) {
                      std::memcpy(to + i * row_bytes, rows + indices[i] * row_bytes, row_bytes);
                    }
                  });
}

}  // namespace octavo
