// Elements of one of two arrays, as a truth value says for each.
#ifndef OCTAVO_SRC_ELEMENTWISE_WHERE_H_
#define OCTAVO_SRC_ELEMENTWISE_WHERE_H_

#include <cstddef>
#include <cstdint>

namespace octavo {

// An array of as many elements as the result, or of one element for all.
struct WhereOperand {
  const void* elements;
  bool is_single;
};

// out[i] = condition[i] ? x[i] : y[i] for elements of 1, 2, 4 or 8 bytes, whatever they mean. `out` is
// apart from the operands.
void where(WhereOperand condition, WhereOperand x, WhereOperand y, void* out, size_t count,
           size_t element_bytes);

}  // namespace octavo

#endif  // OCTAVO_SRC_ELEMENTWISE_WHERE_H_
