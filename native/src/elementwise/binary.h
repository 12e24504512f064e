// Float operations of two operands, broadcast.
#ifndef OCTAVO_SRC_ELEMENTWISE_BINARY_H_
#define OCTAVO_SRC_ELEMENTWISE_BINARY_H_

#include "cpu/isa.h"
#include "elementwise/binary_kernels.h"
#include "elementwise/broadcast.h"

namespace octavo {

// out = op(a, b), where `shape` is broadcast(shape of a, shape of b); `out` is contiguous, and may
// be an operand of the result's own shape. min and max give NaN where either operand is NaN.
void binary(BinaryOp op, const float* a, const float* b, float* out, const Broadcast& shape,
            IsaSet available = active_isa());

}  // namespace octavo

#endif  // OCTAVO_SRC_ELEMENTWISE_BINARY_H_
