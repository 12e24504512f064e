// Float operations of one operand, tier by tier. (elementwise/unary.h chooses.)
//
// This header is included by files compiled with instruction-set flags: it defines no functions.
#ifndef OCTAVO_SRC_ELEMENTWISE_UNARY_KERNELS_H_
#define OCTAVO_SRC_ELEMENTWISE_UNARY_KERNELS_H_

#include <stddef.h>

#include "vector/tiers.h"

namespace octavo {

enum class UnaryOp {
#define OCTAVO_UNARY(name, value) name,
#include "elementwise/unary_ops.inc"
#undef OCTAVO_UNARY
  count
};

struct UnaryParameters {
  float alpha = 0;
  float beta = 0;
};

// out[i] = op(in[i]); `out` may be `in`.
using UnaryFn = void (*)(const float* in, float* out, size_t count, const UnaryParameters&);

struct UnaryKernels {
  UnaryFn run[static_cast<size_t>(UnaryOp::count)];
};

#define OCTAVO_UNARY_TIER(isa, tier) extern const UnaryKernels unary_##tier;
OCTAVO_TIERS(OCTAVO_UNARY_TIER)
#undef OCTAVO_UNARY_TIER

}  // namespace octavo

#endif  // OCTAVO_SRC_ELEMENTWISE_UNARY_KERNELS_H_
