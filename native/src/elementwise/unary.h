// Float operations of one operand over whole arrays.
#ifndef OCTAVO_SRC_ELEMENTWISE_UNARY_H_
#define OCTAVO_SRC_ELEMENTWISE_UNARY_H_

#include "cpu/isa.h"
#include "elementwise/unary_kernels.h"

namespace octavo {

// out[i] = op(in[i]); `out` may be `in`. Error bounds are in vector/transcendental.h. `alpha` and
// `beta` mean what the ONNX attributes of the op mean; clip's limits and affine's factor and term;
// swish's factor (1 for SiLU).
void unary(UnaryOp op, const float* in, float* out, size_t count,
           const UnaryParameters& parameters = {}, IsaSet available = active_isa());

}  // namespace octavo

#endif  // OCTAVO_SRC_ELEMENTWISE_UNARY_H_
