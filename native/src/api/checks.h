// Argument checks of the C API, and what a failed one leaves for octavo_last_error.
#ifndef OCTAVO_SRC_API_CHECKS_H_
#define OCTAVO_SRC_API_CHECKS_H_

#include <cstddef>
#include <cstdint>
#include <string>

#include "octavo/octavo.h"

namespace octavo {

// Thrown by the checks below and turned into OCTAVO_INVALID_ARGUMENT at the boundary.
struct InvalidArgument {
  std::string message;
};

void require(bool holds, const char* argument, const char* expected);
void require_size(size_t found, const char* argument, size_t expected);

void check_byte_type(octavo_type type, const char* argument);
// `count` values within the range of `type`; the count is 0, 1 or `per_item`.
void check_zero_points(const int32_t* values, size_t count, size_t per_item, octavo_type type,
                       const char* argument);
void check_epilogue(const octavo_epilogue& epilogue, size_t columns);
// Of an epilogue that has one.
void check_residual(const octavo_epilogue& epilogue);
// Neither table nor residual overlaps the outputs.
void check_tail_apart(const octavo_epilogue& epilogue, size_t residual_bytes, const void* out,
                      size_t out_bytes);
// Bytes from `begin` to the end of the last of `rows` rows; throws when they do not fit memory.
size_t span_bytes(size_t rows, size_t columns, size_t stride, size_t element_bytes,
                  const char* argument);
void check_disjoint(const void* a, size_t a_bytes, const void* b, size_t b_bytes,
                    const char* expected);

}  // namespace octavo

#endif  // OCTAVO_SRC_API_CHECKS_H_
