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

}  // namespace octavo

#endif  // OCTAVO_SRC_API_FLOAT_CHECKS_H_
