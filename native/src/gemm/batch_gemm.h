// Products of pairs of matrices of 8-bit integers, both of which vary.
#ifndef OCTAVO_SRC_GEMM_BATCH_GEMM_H_
#define OCTAVO_SRC_GEMM_BATCH_GEMM_H_

#include "cpu/isa.h"
#include "octavo/octavo.h"

namespace octavo {

// Matrices begin at offsets, in elements, from the first. Rows of a left one are dense.
struct BatchGemm {
  size_t batch;
  size_t m;
  const void* lhs;
  octavo_type lhs_type;
  size_t lhs_stride;
  int32_t lhs_zero_point;
  const size_t* lhs_offsets;
  octavo_weights rhs;  // of which `data` is the first
  const size_t* rhs_offsets;
  octavo_epilogue epilogue;
  void* out;
  size_t out_stride;
  const size_t* out_offsets;
};

// Arguments have been checked. Uses as many threads as usable_threads() says. Throws
// std::bad_alloc.
void batch_gemm(const BatchGemm& problem, IsaSet available = active_isa());

}  // namespace octavo

#endif  // OCTAVO_SRC_GEMM_BATCH_GEMM_H_
