// Integer matrix product with packed weights: rows of 8-bit integers in, an epilogue's outputs out.
#ifndef OCTAVO_SRC_GEMM_GEMM_H_
#define OCTAVO_SRC_GEMM_GEMM_H_

#include "cpu/isa.h"
#include "gemm/lhs_image.h"
#include "octavo/octavo.h"
#include "pack/pack_rhs.h"

namespace octavo {

// Makes rows of a left-hand side that exists nowhere: rows [first, first + count), dense.
struct RowGather {
  void (*run)(const void* context, size_t first, size_t count, uint8_t* rows) = nullptr;
  const void* context = nullptr;
};

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
  RowGather gather{};               // in the place of lhs where it has a function
  const LhsImage* image = nullptr;  // in the place of both, for a layout with a paired kernel
};

// `available` must hold a kernel that reads the layout of the packed weights. Uses as many threads
// as usable_threads() says. Throws std::bad_alloc.
void gemm(const GemmProblem& problem, IsaSet available = active_isa());

}  // namespace octavo

#endif  // OCTAVO_SRC_GEMM_GEMM_H_
