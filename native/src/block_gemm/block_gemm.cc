#include "block_gemm/block_gemm.h"

#include "block_gemm/finish_rows.h"

namespace octavo {

void block_gemm(const octavo_block_matmul_args& args, const PackedBlocks& rhs, IsaSet available) {
  if (args.m == 0 || rhs.n == 0) return;
  if (rhs.k == 0) {
    for (size_t row = 0; row < args.m; ++row) finish_row(args, row, 0, nullptr, rhs.n);
  } else if (args.mode == OCTAVO_BLOCK_EXACT) {
    block_gemm_exact(args, rhs, available);
  } else {
    block_gemm_int8(args, rhs, available);
  }
}

}  // namespace octavo
