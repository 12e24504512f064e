// Float operations of two operands, tier by tier. (elementwise/binary.h chooses and broadcasts.)
//
// This header is included by files compiled with instruction-set flags: it defines no functions.
#ifndef OCTAVO_SRC_ELEMENTWISE_BINARY_KERNELS_H_
#define OCTAVO_SRC_ELEMENTWISE_BINARY_KERNELS_H_

#include <stddef.h>

#include "vector/tiers.h"

namespace octavo {

enum class BinaryOp {
#define OCTAVO_BINARY(name, value) name,
#include "elementwise/binary_ops.inc"
#undef OCTAVO_BINARY
  count
};

// out[i] = op(a[i * a_step], b[i * b_step]); steps are 0 or 1, and both 0 only for one element.
// `out` may be an operand of step 1.
using BinaryFn = void (*)(const float* a, size_t a_step, const float* b, size_t b_step, float* out,
                          size_t count);

struct BinaryKernels {
  BinaryFn run[static_cast<size_t>(BinaryOp::count)];
};

#define OCTAVO_BINARY_TIER(isa, tier) extern const BinaryKernels binary_##tier;
OCTAVO_TIERS(OCTAVO_BINARY_TIER)
#undef OCTAVO_BINARY_TIER

}  // namespace octavo

#endif  // OCTAVO_SRC_ELEMENTWISE_BINARY_KERNELS_H_
