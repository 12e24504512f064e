// Copies between tensors whose elements are in any regular order: transpose, slice (also
// backwards), concatenate, split, expand, tile and pad are each a copy with other strides.
#ifndef OCTAVO_SRC_MOVEMENT_STRIDED_COPY_H_
#define OCTAVO_SRC_MOVEMENT_STRIDED_COPY_H_

#include <cstddef>
#include <optional>
#include <span>

namespace octavo {

inline constexpr size_t kMaxCopyRank = 8;

// Element (i0, i1, ...) goes from in + sum of i * in_stride to out + sum of i * out_stride. Strides
// are in elements; an input stride of 0 repeats, a negative one runs backwards.
struct StridedCopy {
  size_t rank = 0;
  size_t shape[kMaxCopyRank];
  ptrdiff_t in_strides[kMaxCopyRank];
  ptrdiff_t out_strides[kMaxCopyRank];
};

// Drops dimensions of size 1, puts those with the smallest output strides last, and merges
// neighbours that both sides run through together. Nothing where more than kMaxCopyRank are left.
std::optional<StridedCopy> plan_copy(std::span<const size_t> shape,
                                     std::span<const ptrdiff_t> in_strides,
                                     std::span<const ptrdiff_t> out_strides);

// ONNX's Transpose: output dimension i is input dimension permutation[i], of a contiguous tensor.
std::optional<StridedCopy> plan_transpose(std::span<const size_t> in_shape,
                                          std::span<const size_t> permutation);

// Elements of 1, 2, 4 or 8 bytes; `in` and `out` are those of index (0, 0, ...), and what is read
// does not overlap what is written.
void copy_strided(const StridedCopy& copy, const void* in, void* out, size_t element_bytes);

// out[i] = row indices[i] of `row_bytes` bytes. Indices are within the rows of `in`.
void gather_rows(const void* in, std::span<const size_t> indices, size_t row_bytes, void* out);

}  // namespace octavo

#endif  // OCTAVO_SRC_MOVEMENT_STRIDED_COPY_H_
