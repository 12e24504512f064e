// The normative product and convolution, straight from their definitions. Slow; for tests.
#ifndef OCTAVO_SRC_REFERENCE_REFERENCE_GEMM_H_
#define OCTAVO_SRC_REFERENCE_REFERENCE_GEMM_H_

#include "octavo/octavo.h"

namespace octavo::reference {

// args.rhs is ignored: the weights are read as they are, unpacked.
void matmul(const octavo_matmul_args& args, const octavo_weights& rhs);

// args.weights is ignored likewise. `height` and `width` are the output's.
void conv2d(const octavo_conv2d_args& args, const octavo_conv2d_weights& weights, size_t height,
            size_t width);

}  // namespace octavo::reference

#endif  // OCTAVO_SRC_REFERENCE_REFERENCE_GEMM_H_
