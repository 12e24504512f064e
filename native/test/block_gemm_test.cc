#include "block_gemm/block_gemm.h"

#include <gtest/gtest.h>

#include <cstring>
#include <limits>
#include <string>

#include "block_gemm/select_block.h"
#include "block_product.h"
#include "float_samples.h"

namespace octavo {
namespace {

using test::BlockCase;
using test::BlockProduct;
using test::BlockWeights;
using test::FloatSamples;
using test::WeightSource;

void expect_many_rows_right(const BlockCase& product, size_t m) {
  for (const ExpandedMicrokernel& kernel : expanded_microkernels()) {
    if (m < kernel.rows || !active_isa().contains(kernel.isa)) continue;
    SCOPED_TRACE(kernel.name);
    product.expect_right(OCTAVO_BLOCK_DYNAMIC_INT8, kernel.isa);
    if (testing::Test::HasFatalFailure()) return;
  }
}

// Both modes on every tier of this CPU.
void expect_right(const BlockProduct& p, FloatSamples& samples) {
  const BlockCase product(p, samples);
  for (const BlockMicrokernel& kernel : block_microkernels()) {
    if (kernel.bits != p.bits || !active_isa().contains(kernel.isa)) continue;
    SCOPED_TRACE(kernel.name);
    product.expect_right(OCTAVO_BLOCK_DYNAMIC_INT8, kernel.isa);
    product.expect_right(OCTAVO_BLOCK_EXACT, kernel.isa);
    if (testing::Test::HasFatalFailure()) return;
  }
  expect_many_rows_right(product, p.m);
}

TEST(BlockGemm, IsRightOnRemaindersOfTilesAndBlocks) {
  FloatSamples samples(81);
  for (uint32_t bits : {2u, 4u, 8u}) {
    for (size_t k : {1, 15, 16, 17, 31, 33, 100, 257}) {
      for (size_t n : {1, 7, 16, 17, 33}) {
        for (size_t m : {1, 2, 5, 7}) expect_right({m, k, n, bits, 16, (m + n) % 2 == 0}, samples);
      }
    }
  }
}

TEST(BlockGemm, IsRightForEveryHeightOfATile) {
  FloatSamples samples(87);
  for (uint32_t bits : {2u, 4u, 8u}) {
    for (size_t m = 1; m <= kMaxBlockTileRows; ++m) {
      for (bool zero_points : {false, true}) {
        expect_right({m, 100, 18, bits, 32, zero_points, m % 2 == 0}, samples);
        expect_right({2 * m + 1, 48, 16, bits, 16, zero_points, m % 2 != 0}, samples);
      }
    }
  }
}

TEST(BlockGemm, IsRightForEveryHeightAndWidthOfManyRows) {
  FloatSamples samples(90);
  for (uint32_t bits : {2u, 4u, 8u}) {
    for (size_t m = 16; m <= 50; ++m) {
      const size_t n = 1 + 7 * (m % 16);
      const BlockProduct p{m, 100, n, bits, 32, m % 2 == 0, m % 4 == 0};
      expect_many_rows_right(BlockCase(p, samples), m);
    }
  }
}

// As many columns as make groups of panels, the last of them smaller.
TEST(BlockGemm, IsRightForGroupsOfPanels) {
  FloatSamples samples(93);
  for (uint32_t bits : {2u, 4u, 8u}) {
    for (size_t n : {1024, 1050, 1061, 1097}) {
      for (size_t m : {1, 2, 3, 4, 7, 12}) {
        BlockProduct p{m, 100, n, bits, 32, n % 2 == 0 || m % 2 == 0, m % 3 == 0};
        p.threads = n == 1061 ? 3 : 1;
        expect_right(p, samples);
      }
      BlockProduct many{17, 300, n, bits, 128, n % 2 == 0};
      many.threads = n == 1097 ? 3 : 1;
      expect_right(many, samples);
    }
  }
}

// Blocks longer and shorter than the piece that is expanded at once, and rows of several tasks.
TEST(BlockGemm, IsRightForManyRowsOfEveryBlockSize) {
  FloatSamples samples(91);
  for (uint32_t bits : {2u, 4u, 8u}) {
    for (size_t block_size : {16, 32, 48, 64, 128, 256, 4096}) {
      for (bool zero_points : {false, true}) {
        const BlockProduct even{17, 1300, 34, bits, block_size, zero_points};
        expect_many_rows_right(BlockCase(even, samples), even.m);
        const BlockProduct odd{33, 713, 20, bits, block_size, zero_points, true};
        expect_many_rows_right(BlockCase(odd, samples), odd.m);
      }
    }
    expect_many_rows_right(BlockCase({40, 20000, 3, bits, 128}, samples), 40);
    expect_many_rows_right(BlockCase({17, 5000, 40, bits, 2048}, samples), 17);
    // Whole panels, whose last piece goes straight to the output.
    expect_many_rows_right(BlockCase({17, 5000, 32, bits, 32}, samples), 17);
    for (uint32_t threads : {1u, 3u}) {
      BlockProduct whole{40, 5500, 48, bits, 128};
      whole.threads = threads;
      expect_many_rows_right(BlockCase(whole, samples), whole.m);
    }
  }
}

// Rows are measured while those before them are multiplied, 16 at a time.
TEST(BlockGemm, IsRightForManyRowsOfWholeBlocks) {
  FloatSamples samples(98);
  for (uint32_t bits : {2u, 4u, 8u}) {
    for (size_t block_size : {64, 128, 320}) {
      for (size_t blocks : {1, 2, 3, 7}) {
        for (size_t m : {31, 32, 47, 64}) {
          BlockProduct p{m, blocks * block_size, 16 * blocks + 2, bits, block_size};
          p.threads = 1;
          expect_many_rows_right(BlockCase(p, samples), p.m);
          if (testing::Test::HasFatalFailure()) return;
        }
      }
    }
  }
}

TEST(BlockGemm, IsRightForEveryBlockSize) {
  FloatSamples samples(82);
  for (uint32_t bits : {2u, 4u, 8u}) {
    for (size_t block_size : {16, 32, 48, 64, 128, 256, 1024}) {
      for (size_t k : {size_t{250}, size_t{512}, size_t{600}}) {
        for (bool zero_points : {false, true}) {
          expect_right({1, k, 18, bits, block_size, zero_points, k == 512}, samples);
          expect_right({3, k, 18, bits, block_size, zero_points}, samples);
          expect_right({13, k, 18, bits, block_size, zero_points, true}, samples);
        }
      }
    }
  }
}

TEST(BlockGemm, ReadsWeightsOfDequantizeLinear) {
  FloatSamples samples(83);
  for (uint32_t bits : {2u, 4u, 8u}) {
    for (bool zero_points : {false, true}) {
      expect_right({4, 96, 21, bits, 32, zero_points, false, WeightSource::kDequantizeLinear},
                   samples);
      expect_right({4, 100, 20, bits, 128, zero_points, true, WeightSource::kDequantizeLinear},
                   samples);
    }
  }
}

TEST(BlockGemm, NeverSaturatesInsideAProduct) {
  FloatSamples samples(84);
  for (uint32_t bits : {2u, 4u, 8u}) {
    for (size_t block_size : {16, 64, 512}) {
      for (bool zero_points : {false, true}) {
        for (size_t m : {7, 21}) {
          BlockProduct p{m, 512, 17, bits, block_size, zero_points};
          p.extreme = true;
          expect_right(p, samples);
        }
      }
    }
  }
}

// Sums of numbers that a kernel leaves in the high bits of their bytes would leave int32.
TEST(BlockGemm, KeepsSumsOfTheLongestBlocksExact) {
  constexpr size_t kDepth = 1'500'000;
  const std::vector<float> lhs(kDepth, 1.0f);
  for (uint32_t bits : {2u, 4u}) {
    const std::vector<uint8_t> highest(kDepth * bits / 8, 0xFF);
    const float scale = 1.0f;
    octavo_block_weights weights{};
    weights.data = highest.data();
    weights.bits = bits;
    weights.k = weights.block_size = weights.n_stride = kDepth;
    weights.n = weights.k_stride = weights.scale_block_stride = weights.scale_n_stride = 1;
    weights.scales = &scale;
    weights.scale_type = OCTAVO_F32;
    const PackedBlocks packed = pack_blocks(weights);
    const int64_t sum = int64_t{kDepth} * 127 * ((1 << (bits - 1)) - 1);
    for (const BlockMicrokernel& kernel : block_microkernels()) {
      if (kernel.bits != bits || !active_isa().contains(kernel.isa)) continue;
      SCOPED_TRACE(kernel.name);
      float out = 0;
      octavo_block_matmul_args args{};
      args.lhs = lhs.data();
      args.m = 1;
      args.lhs_stride = kDepth;
      args.mode = OCTAVO_BLOCK_DYNAMIC_INT8;
      args.out = &out;
      args.out_stride = 1;
      block_gemm(args, packed, kernel.isa);
      EXPECT_EQ(out, static_cast<float>(sum) * (1.0f / 127.0f));
    }
  }
}

TEST(BlockGemm, AppliesBiasResidualAndActivation) {
  FloatSamples samples(85);
  for (uint32_t bits : {4u, 8u}) {
    for (octavo_activation activation : {OCTAVO_IDENTITY, OCTAVO_CLIP}) {
      for (size_t m : {9, 19}) {
        BlockProduct p{m, 300, 37, bits, 32, bits == 4 || m == 9};
        p.bias = true;
        p.activation = activation;
        expect_right(p, samples);
        p.residual = true;
        expect_right(p, samples);
      }
    }
  }
}

TEST(BlockGemm, GivesTheSameOnSeveralThreads) {
  FloatSamples samples(86);
  for (size_t m : {1, 40, 131}) {
    BlockProduct p{m, 520, 200, 4, 64};
    p.threads = 3;
    expect_right(p, samples);
  }
  // Tasks with all columns, each of which quantizes its rows by itself.
  BlockProduct narrow{300, 320, 20, 4, 64};
  narrow.threads = 3;
  expect_right(narrow, samples);
}

void expect_nan_in_last_row(size_t m, size_t block_size) {
  FloatSamples samples(87);
  const BlockWeights weights({m, 64, 20, 4, block_size}, samples);
  const PackedBlocks packed = pack_blocks(weights.weights);
  const size_t last = m - 1;
  const float infinity = std::numeric_limits<float>::infinity();
  for (float bad : {infinity, -infinity, std::numeric_limits<float>::quiet_NaN()}) {
    std::vector<float> lhs = samples.floats(m * 64);
    lhs[last * 64 + 40] = bad;
    std::vector<float> out(m * 20);
    octavo_block_matmul_args args{};
    args.lhs = lhs.data();
    args.m = m;
    args.lhs_stride = 64;
    args.mode = OCTAVO_BLOCK_DYNAMIC_INT8;
    args.out = out.data();
    args.out_stride = 20;
    block_gemm(args, packed);
    for (size_t c = 0; c < last * 20; ++c) EXPECT_TRUE(std::isfinite(out[c]));
    for (size_t c = 0; c < 20; ++c) EXPECT_TRUE(std::isnan(out[last * 20 + c]));
  }
}

TEST(BlockGemm, GivesNaNForRowsThatAreNotFinite) {
  for (size_t block_size : {32, 64}) {
    for (size_t m : {2, 18, 32}) expect_nan_in_last_row(m, block_size);
  }
}

TEST(BlockGemm, OfZerosIsZero) {
  FloatSamples samples(88);
  const BlockWeights weights({1, 64, 20, 4, 32}, samples);
  const PackedBlocks packed = pack_blocks(weights.weights);
  const std::vector<float> lhs(64);
  for (octavo_block_mode mode : {OCTAVO_BLOCK_EXACT, OCTAVO_BLOCK_DYNAMIC_INT8}) {
    std::vector<float> out(20, 1.0f);
    octavo_block_matmul_args args{};
    args.lhs = lhs.data();
    args.m = 1;
    args.lhs_stride = 64;
    args.mode = mode;
    args.out = out.data();
    args.out_stride = 20;
    block_gemm(args, packed);
    EXPECT_EQ(out, std::vector<float>(20));
  }
}

TEST(BlockGemm, PacksScalesThatAreExactInHalfPrecisionAsHalves) {
  FloatSamples samples(89);
  BlockWeights weights({1, 64, 20, 4, 32, false, true}, samples);
  const size_t halves = pack_blocks(weights.weights).panels.bytes();
  std::vector<float> exact, inexact;
  for (size_t n = 0; n < 20; ++n) {
    for (size_t block = 0; block < 2; ++block) {
      exact.push_back(weights.scale(block, n));
      inexact.push_back(weights.scale(block, n) * 1.0001f);
    }
  }
  weights.weights.scale_type = OCTAVO_F32;
  weights.weights.scales = exact.data();
  EXPECT_EQ(pack_blocks(weights.weights).panels.bytes(), halves);
  weights.weights.scales = inexact.data();
  EXPECT_EQ(pack_blocks(weights.weights).panels.bytes(), halves + 2 * 2 * 2 * kBlockColumns);
}

}  // namespace
}  // namespace octavo
