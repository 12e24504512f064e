// Rows of a left-hand side as a row block reads them: a pointer each, elements one after another.
#ifndef OCTAVO_SRC_FLOAT_GEMM_LHS_ROWS_H_
#define OCTAVO_SRC_FLOAT_GEMM_LHS_ROWS_H_

#include <cstddef>

#include "float_gemm/row_block.h"

namespace octavo {

// Element (r, k) is data[r * row_stride + k * k_stride].
struct LhsMatrix {
  const float* data;
  size_t row_stride;
  size_t k_stride;
};

// Whether rows are to be copied before they are read: their elements are apart, or so many of them
// fall into the same sets of the first-level cache that they push each other out.
bool needs_copy(const LhsMatrix& lhs, size_t rows, size_t n);

// Floats of memory for the copy of `rows` rows of `k` elements.
size_t copied_floats(size_t rows, size_t k);

// Fills pointers[0, count) with rows from `first`, copying them to `memory` unless it is null.
void gather_rows(const LhsMatrix& lhs, size_t first, size_t count, size_t k, float* memory,
                 const float** pointers);

// The same, rounded to bfloat16 in pairs of k: words that look like floats.
void gather_pairs(const LhsMatrix& lhs, size_t first, size_t count, size_t k, float* memory,
                  const float** pointers);

}  // namespace octavo

#endif  // OCTAVO_SRC_FLOAT_GEMM_LHS_ROWS_H_
