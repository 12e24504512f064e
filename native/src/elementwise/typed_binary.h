// Comparisons, and arithmetic of integers and truth values, of two operands broadcast.
#ifndef OCTAVO_SRC_ELEMENTWISE_TYPED_BINARY_H_
#define OCTAVO_SRC_ELEMENTWISE_TYPED_BINARY_H_

#include "elementwise/broadcast.h"
#include "elementwise/element.h"

namespace octavo {

enum class TypedBinaryOp {
#define OCTAVO_TYPED_BINARY(name, types, value) name,
#include "elementwise/typed_binary_ops.inc"
#undef OCTAVO_TYPED_BINARY
  count
};

// out = op(a, b), where `shape` is broadcast(shape of a, shape of b); `out` is contiguous and apart
// from the operands.
using TypedBinaryFn = void (*)(const void* a, const void* b, void* out, const Broadcast& shape);

struct TypedBinary {
  TypedBinaryFn run;  // null where the op does not take the type
  size_t result_bytes;
};

TypedBinary typed_binary(TypedBinaryOp op, Element element);

}  // namespace octavo

#endif  // OCTAVO_SRC_ELEMENTWISE_TYPED_BINARY_H_
