#include <gtest/gtest.h>

#include <limits>
#include <memory>
#include <string>
#include <vector>

#include "octavo/octavo.h"

namespace octavo {
namespace {

struct Free {
  void operator()(octavo_packed_blocks* packed) const { octavo_free_packed_blocks(packed); }
};
using Packed = std::unique_ptr<octavo_packed_blocks, Free>;

// 2 columns of 32 weights, in 2 blocks.
class BlockMatmulApi : public testing::Test {
 protected:
  BlockMatmulApi() : data_(32, 0x9A), scales_{0.5f, 1, 2, 4} {
    weights_.data = data_.data();
    weights_.bits = 4;
    weights_.k = 32;
    weights_.n = 2;
    weights_.block_size = 16;
    weights_.k_stride = 1;
    weights_.n_stride = 32;
    weights_.scales = scales_.data();
    weights_.scale_type = OCTAVO_F32;
    weights_.scale_block_stride = 1;
    weights_.scale_n_stride = 2;
  }

  Packed pack() {
    octavo_packed_blocks* packed = nullptr;
    EXPECT_EQ(octavo_pack_blocks(&weights_, &packed), OCTAVO_OK) << octavo_last_error();
    return Packed(packed);
  }

  void expect_refused(const char* argument) {
    octavo_packed_blocks* packed = nullptr;
    EXPECT_EQ(octavo_pack_blocks(&weights_, &packed), OCTAVO_INVALID_ARGUMENT);
    EXPECT_EQ(std::string(octavo_last_error()).rfind(argument, 0), 0u) << octavo_last_error();
    EXPECT_EQ(packed, nullptr);
  }

  std::vector<uint8_t> data_;
  std::vector<float> scales_;
  octavo_block_weights weights_{};
};

TEST_F(BlockMatmulApi, MultipliesInBothModes) {
  const Packed packed = pack();
  EXPECT_EQ(octavo_packed_blocks_k(packed.get()), 32u);
  EXPECT_EQ(octavo_packed_blocks_n(packed.get()), 2u);
  EXPECT_GT(octavo_packed_blocks_bytes(packed.get()), 32u);
  const std::vector<float> ones(32, 1.0f);
  // A byte 0x9A is 2 and 1: 16 of them sum to 24 in each block.
  for (octavo_block_mode mode : {OCTAVO_BLOCK_EXACT, OCTAVO_BLOCK_DYNAMIC_INT8}) {
    std::vector<float> out(2);
    octavo_block_matmul_args args{};
    args.lhs = ones.data();
    args.m = 1;
    args.lhs_stride = 32;
    args.rhs = packed.get();
    args.mode = mode;
    args.out = out.data();
    args.out_stride = 2;
    ASSERT_EQ(octavo_block_matmul(&args), OCTAVO_OK) << octavo_last_error();
    EXPECT_FLOAT_EQ(out[0], 24 * 1.5f);
    EXPECT_FLOAT_EQ(out[1], 24 * 6.0f);
  }
}

TEST_F(BlockMatmulApi, GivesTheEpilogueOfNothingWithoutDepth) {
  weights_.k = 0;
  const Packed packed = pack();
  const std::vector<float> bias = {3, -4};
  std::vector<float> out(2);
  octavo_block_matmul_args args{};
  args.m = 1;
  args.rhs = packed.get();
  args.epilogue.bias = bias.data();
  args.out = out.data();
  args.out_stride = 2;
  ASSERT_EQ(octavo_block_matmul(&args), OCTAVO_OK) << octavo_last_error();
  EXPECT_EQ(out, bias);
}

TEST_F(BlockMatmulApi, RefusesWeightsThatItCannotRead) {
  const octavo_block_weights good = weights_;
  const auto refuses = [&](const char* argument, auto change) {
    weights_ = good;
    change(weights_);
    expect_refused(argument);
  };
  refuses("weights.bits", [](auto& w) { w.bits = 3; });
  refuses("weights.is_signed", [](auto& w) { w.is_signed = 2; });
  refuses("weights.block_size", [](auto& w) { w.block_size = 0; });
  refuses("weights.block_size", [](auto& w) { w.block_size = 24; });
  refuses("weights.data", [](auto& w) { w.data = nullptr; });
  refuses("weights.data", [](auto& w) { w.n_stride = SIZE_MAX / 2; });
  refuses("weights.scales", [](auto& w) { w.scales = nullptr; });
  refuses("weights.scale_type", [](auto& w) { w.scale_type = OCTAVO_S32; });
  refuses("weights", [](auto& w) { w.k = SIZE_MAX; });
  refuses("weights", [](auto& w) { w.n = SIZE_MAX / 4; });
  scales_[3] = std::numeric_limits<float>::quiet_NaN();
  refuses("weights.scales", [](auto&) {});
}

TEST_F(BlockMatmulApi, RefusesProductsOfWrongArguments) {
  const Packed packed = pack();
  std::vector<float> memory(200);
  octavo_block_matmul_args good{};
  good.lhs = memory.data();
  good.m = 2;
  good.lhs_stride = 32;
  good.rhs = packed.get();
  good.out = memory.data() + 100;
  good.out_stride = 2;
  const auto refuses = [&](const char* argument, auto change) {
    octavo_block_matmul_args args = good;
    change(args);
    EXPECT_EQ(octavo_block_matmul(&args), OCTAVO_INVALID_ARGUMENT);
    EXPECT_EQ(std::string(octavo_last_error()).rfind(argument, 0), 0u) << octavo_last_error();
  };
  EXPECT_EQ(octavo_block_matmul(&good), OCTAVO_OK) << octavo_last_error();
  refuses("rhs", [](auto& a) { a.rhs = nullptr; });
  refuses("mode", [](auto& a) { a.mode = 2; });
  refuses("lhs", [](auto& a) { a.lhs = nullptr; });
  refuses("lhs_stride", [](auto& a) { a.lhs_stride = 31; });
  refuses("out_stride", [](auto& a) { a.out_stride = 1; });
  refuses("out", [](auto& a) { a.out = nullptr; });
  refuses("out", [&](auto& a) { a.out = memory.data() + 33; });
  refuses("epilogue.activation", [](auto& a) { a.epilogue.activation = 9; });
  refuses("lhs", [](auto& a) { a.m = SIZE_MAX / 8; });
}

}  // namespace
}  // namespace octavo
