// Every ARMv8 CPU: products in 16 bits, of which two neighbours fit 16 bits too, since rows are
// quantized to [-127, 127] and 2 * 127 * 128 < 2^15.
#include "block_gemm/kernels/block_neon.h"

namespace octavo {
namespace {

template <int Bits>
struct Product : SignedWeights<Bits> {
  static int32x4_t add(int32x4_t sum, int32x4_t weights, int32x4_t lhs) {
    const int8x16_t w = vreinterpretq_s8_s32(weights), a = vreinterpretq_s8_s32(lhs);
    const int16x8_t low = vmull_s8(vget_low_s8(w), vget_low_s8(a));
    const int16x8_t high = vmull_high_s8(w, a);
    return vpadalq_s16(sum, vpaddq_s16(low, high));
  }
};

}  // namespace

void block_gemm_q2_arm64_neon(const BlockTile& tile) { run_block_rows<Neon, Product<2>, 4>(tile); }
void block_gemm_q4_arm64_neon(const BlockTile& tile) { run_block_rows<Neon, Product<4>, 4>(tile); }
void block_gemm_q8_arm64_neon(const BlockTile& tile) { run_block_rows<Neon, Product<8>, 4>(tile); }

}  // namespace octavo
