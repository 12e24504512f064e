// sdot adds four products of signed bytes to each of 4 columns.
#include "block_gemm/kernels/block_neon.h"

#if !defined(__ARM_FEATURE_DOTPROD)
#error "compile this file with the dot product extension"
#endif

namespace octavo {
namespace {

template <int Bits>
struct Product : SignedWeights<Bits> {
  static int32x4_t add(int32x4_t sum, int32x4_t weights, int32x4_t lhs) {
    return vdotq_s32(sum, vreinterpretq_s8_s32(weights), vreinterpretq_s8_s32(lhs));
  }
};

}  // namespace

void block_gemm_q2_arm64_dotprod(const BlockTile& tile) {
  run_block_rows<Neon, Product<2>, 4>(tile);
}
void block_gemm_q4_arm64_dotprod(const BlockTile& tile) {
  run_block_rows<Neon, Product<4>, 4>(tile);
}
void block_gemm_q8_arm64_dotprod(const BlockTile& tile) {
  run_block_rows<Neon, Product<8>, 4>(tile);
}

}  // namespace octavo
