// Argument checks that float products and convolutions share.
#ifndef OCTAVO_SRC_API_FLOAT_CHECKS_H_
#define OCTAVO_SRC_API_FLOAT_CHECKS_H_

#include "api/checks.h"

namespace octavo {

// The activation and its parameters: known, and with numbers that are not NaN.
void check_activation(const octavo_float_epilogue& epilogue);

void check_float_weight_type(octavo_type type, const char* argument);

// Bytes from the first to the last element of `rows` x `columns` with these strides.
size_t matrix_bytes(size_t rows, size_t columns, size_t row_stride, size_t column_stride,
                    size_t element_bytes, const char* argument);

// Where the rows of a product go and what is added to them. `Args` are those of a product whose
// input has `lhs_bytes` and whose output has `n` columns.
template <typename Args>
void check_float_rows(const Args& args, size_t lhs_bytes, size_t n) {
  require(args.out_stride >= n || args.m <= 1, "out_stride", "at least n");
  const size_t out = span_bytes(args.m, n, args.out_stride, 4, "out");
  require(lhs_bytes == 0 || args.lhs != nullptr, "lhs", "a pointer");
  require(out == 0 || args.out != nullptr, "out", "a pointer");
  check_disjoint(args.out, out, args.lhs, lhs_bytes, "memory apart from lhs");
  if (args.epilogue.residual == nullptr) return;
  require(args.epilogue.residual_stride >= n || args.m <= 1, "epilogue.residual_stride",
          "at least n");
  span_bytes(args.m, n, args.epilogue.residual_stride, 4, "epilogue.residual");
}

}  // namespace octavo

#endif  // OCTAVO_SRC_API_FLOAT_CHECKS_H_
