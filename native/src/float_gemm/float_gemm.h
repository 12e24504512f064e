// Float matrix products: with weights packed once, or of two operands that both vary.
#ifndef OCTAVO_SRC_FLOAT_GEMM_FLOAT_GEMM_H_
#define OCTAVO_SRC_FLOAT_GEMM_FLOAT_GEMM_H_

#include "float_gemm/pack_float.h"
#include "octavo/octavo.h"

namespace octavo {

// Arguments have been checked; `args.rhs` is not read. Throws std::bad_alloc.
void float_gemm(const octavo_float_matmul_args& args, const PackedFloat& rhs);

void float_batch_gemm(const octavo_float_batch_matmul_args& args, IsaSet available = active_isa());

}  // namespace octavo

#endif  // OCTAVO_SRC_FLOAT_GEMM_FLOAT_GEMM_H_
