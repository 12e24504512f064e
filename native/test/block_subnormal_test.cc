#include <gtest/gtest.h>

#include <vector>

#include "block_gemm/block_gemm.h"
#include "block_gemm/select_block.h"

namespace octavo {
namespace {

// The numbers of column c are all c % 16 - 8.
octavo_block_weights column_numbers(const std::vector<uint8_t>& data,
                                    const std::vector<float>& scales, size_t k) {
  octavo_block_weights weights{};
  weights.data = data.data();
  weights.bits = 4;
  weights.k = k;
  weights.n = scales.size();
  weights.block_size = k;
  weights.k_stride = 1;
  weights.n_stride = k;
  weights.scales = scales.data();
  weights.scale_type = OCTAVO_F32;
  weights.scale_block_stride = 1;
  weights.scale_n_stride = 1;
  return weights;
}

// Whether or not a tier packs the floats that the blocks become, and in the last columns too.
TEST(BlockGemmOfSubnormalWeights, KeepsThemInEveryColumn) {
  const size_t k = 16;
  const std::vector<float> lhs(k, 0x1p100f);
  for (size_t n : {16, 17, 32, 33}) {
    const std::vector<float> scales(n, 0x1p-130f);
    std::vector<uint8_t> data;
    std::vector<float> expected;
    for (size_t c = 0; c < n; ++c) {
      data.insert(data.end(), k / 2, static_cast<uint8_t>(c % 16 * 0x11));
      expected.push_back(0x1p-26f * (static_cast<float>(c % 16) - 8));
    }
    const PackedBlocks packed = pack_blocks(column_numbers(data, scales, k));
    for (const BlockMicrokernel& kernel : block_microkernels()) {
      if (kernel.bits != 4 || !active_isa().contains(kernel.isa)) continue;
      std::vector<float> out(n);
      octavo_block_matmul_args args{};
      args.lhs = lhs.data();
      args.m = 1;
      args.lhs_stride = k;
      args.mode = OCTAVO_BLOCK_EXACT;
      args.out = out.data();
      args.out_stride = n;
      block_gemm(args, packed, kernel.isa);
      EXPECT_EQ(out, expected) << kernel.name << ", " << n << " columns";
    }
  }
}

}  // namespace
}  // namespace octavo
