// Integer matrix product with packed weights: rows of 8-bit integers in, an epilogue's outputs out.
#ifndef OCTAVO_SRC_GEMM_GEMM_H_
#define OCTAVO_SRC_GEMM_GEMM_H_

#include "cpu/isa.h"
#include "octavo/octavo.h"
#include "pack/pack_rhs.h"

namespace octavo {

// Fields as in octavo_matmul_args. Arguments have been checked.
struct GemmProblem {
  const void* lhs;
  octavo_type lhs_type;
  size_t m;
  size_t lhs_stride;
  const int32_t* lhs_zero_points;
  size_t lhs_zero_point_count;
  const PackedRhs* rhs;
  octavo_epilogue epilogue;
  void* out;
  size_t out_stride;
};

// `available` must hold a kernel that reads the layout of the packed weights. Throws
// std::bad_alloc.
void gemm(const GemmProblem& problem, IsaSet available = active_isa());

}  // namespace octavo

#endif  // OCTAVO_SRC_GEMM_GEMM_H_
