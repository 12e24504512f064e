// The epilogue of sums that are complete, the same arithmetic on every tier.
#ifndef OCTAVO_SRC_BLOCK_GEMM_FINISH_ROWS_H_
#define OCTAVO_SRC_BLOCK_GEMM_FINISH_ROWS_H_

#include "octavo/octavo.h"

namespace octavo {

// Whether outputs are the sums themselves.
bool sums_are_outputs(const octavo_block_matmul_args& args);

// Writes `count` outputs of a row from `column`: activation(sum + bias + residual). Without `sums`
// they are 0.
void finish_row(const octavo_block_matmul_args& args, size_t row, size_t column, const float* sums,
                size_t count);

// Asks for the memory of them.
void prefetch_row(const octavo_block_matmul_args& args, size_t row, size_t column, size_t count);

}  // namespace octavo

#endif  // OCTAVO_SRC_BLOCK_GEMM_FINISH_ROWS_H_
