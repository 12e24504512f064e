// Products of float rows with block-quantized weights.
#ifndef OCTAVO_SRC_BLOCK_GEMM_BLOCK_GEMM_H_
#define OCTAVO_SRC_BLOCK_GEMM_BLOCK_GEMM_H_

#include "block_gemm/pack_blocks.h"
#include "block_gemm/select_block.h"
#include "cpu/isa.h"

namespace octavo {

// Arguments have been checked; `args.rhs` is not read. Throws std::bad_alloc.
void block_gemm(const octavo_block_matmul_args& args, const PackedBlocks& rhs,
                IsaSet available = active_isa());

// The two modes of it, with m, k and n not 0.
void block_gemm_exact(const octavo_block_matmul_args& args, const PackedBlocks& rhs,
                      IsaSet available);
void block_gemm_int8(const octavo_block_matmul_args& args, const PackedBlocks& rhs,
                     IsaSet available);

// The first mode, by a kernel of few rows.
void block_gemm_exact_rows(const octavo_block_matmul_args& args, const PackedBlocks& rhs,
                           const ExactMicrokernel& kernel);

// The second mode, by a kernel of many rows.
void block_gemm_expanded(const octavo_block_matmul_args& args, const PackedBlocks& rhs,
                         const ExpandedMicrokernel& kernel, IsaSet available);

}  // namespace octavo

#endif  // OCTAVO_SRC_BLOCK_GEMM_BLOCK_GEMM_H_
