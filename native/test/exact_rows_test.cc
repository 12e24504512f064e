#include "block_gemm/exact_tile.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "block_gemm/select_block.h"
#include "block_product.h"
#include "every_tier.h"
#include "float_samples.h"

namespace octavo {
namespace {

using test::BlockCase;
using test::BlockProduct;
using test::BlockWeights;
using test::FloatSamples;
using test::WeightSource;

constexpr uint32_t kBits[] = {2, 4, 8};
constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();

void expect_right(const BlockProduct& p, FloatSamples& samples) {
  const BlockCase product(p, samples);
  test::on_every_tier([&](IsaSet isa) { product.expect_right(OCTAVO_BLOCK_EXACT, isa); });
}

TEST(ExactRows, AreRightForEveryHeight) {
  FloatSamples samples(100);
  for (uint32_t bits : kBits) {
    for (size_t m = 1; m <= 20; ++m) {
      for (bool zero_points : {false, true}) {
        expect_right({m, 101 + m, 37, bits, 32, zero_points, m % 2 == 0}, samples);
      }
    }
  }
}

TEST(ExactRows, AreRightForEveryBlockSizeAndRemainder) {
  FloatSamples samples(101);
  for (uint32_t bits : kBits) {
    for (size_t block_size : {16, 32, 48, 64, 128, 256, 1024}) {
      for (size_t k : {1, 3, 16, 31, 255, 256, 515, 520}) {
        for (bool zero_points : {false, true}) {
          for (size_t m : {1, 2, 3, 4}) {
            expect_right({m, k, 18, bits, block_size, zero_points, k % 2 == 0}, samples);
          }
        }
      }
    }
  }
}

TEST(ExactRows, AreRightForEveryRemainderOfColumns) {
  FloatSamples samples(102);
  for (uint32_t bits : kBits) {
    for (size_t n = 1; n <= 33; ++n) {
      for (bool half_scales : {false, true}) {
        expect_right({1 + n % 4, 77, n, bits, 32, n % 2 == 0, half_scales}, samples);
      }
    }
  }
}

TEST(ExactRows, ReadWeightsOfDequantizeLinear) {
  FloatSamples samples(103);
  for (uint32_t bits : kBits) {
    for (bool zero_points : {false, true}) {
      for (size_t m : {1, 3}) {
        expect_right({m, 100, 21, bits, 32, zero_points, false, WeightSource::kDequantizeLinear},
                     samples);
      }
    }
  }
}

TEST(ExactRows, ApplyBiasResidualAndActivation) {
  FloatSamples samples(104);
  for (octavo_activation activation : {OCTAVO_IDENTITY, OCTAVO_CLIP, OCTAVO_LEAKY_RELU,
                                       OCTAVO_HARD_SIGMOID, OCTAVO_HARD_SWISH}) {
    for (bool bias : {false, true}) {
      for (bool residual : {false, true}) {
        BlockProduct p{3, 300, 37, 4, 32, bias};
        p.bias = bias;
        p.residual = residual;
        p.activation = activation;
        expect_right(p, samples);
      }
    }
  }
}

octavo_block_matmul_args args_of(const std::vector<float>& lhs, size_t m, std::vector<float>& out) {
  octavo_block_matmul_args args{};
  args.lhs = lhs.data();
  args.m = m;
  args.lhs_stride = lhs.size() / m;
  args.mode = OCTAVO_BLOCK_EXACT;
  args.out = out.data();
  args.out_stride = out.size() / m;
  args.threads = 1;
  return args;
}

TEST(ExactRows, GiveTheSameBitsOnSeveralThreads) {
  FloatSamples samples(105);
  const size_t k = 1027, n = 1000;
  for (uint32_t bits : kBits) {
    const BlockWeights weights({1, k, n, bits, 32, true}, samples);
    const PackedBlocks packed = pack_blocks(weights.weights);
    for (size_t m : {1, 7}) {
      const std::vector<float> lhs = samples.floats(m * k);
      test::on_every_tier([&](IsaSet isa) {
        std::vector<float> expected(m * n), out(m * n);
        block_gemm(args_of(lhs, m, expected), packed, isa);
        for (uint32_t threads : {2u, 3u, 5u}) {
          octavo_block_matmul_args args = args_of(lhs, m, out);
          args.threads = threads;
          block_gemm(args, packed, isa);
          EXPECT_EQ(out, expected) << m << " rows, " << bits << " bits, " << threads << " threads";
        }
      });
    }
  }
}

// What a sum that is not finite is does not depend on its order.
void expect_same_kind(float found, double expected) {
  ASSERT_EQ(std::isnan(found), std::isnan(expected)) << found << " for " << expected;
  ASSERT_EQ(std::isinf(found), std::isinf(expected)) << found << " for " << expected;
  if (std::isinf(expected)) {
    ASSERT_EQ(found, static_cast<float>(expected));
  }
}

// A value of one row of lhs that is not finite; the last block has one value of k and no more.
class NotFinite {
 public:
  NotFinite(size_t m, uint32_t bits, bool zero_points, FloatSamples& samples)
      : m_(m),
        weights_({m, kK, kN, bits, kBlock, zero_points}, samples),
        lhs_(samples.floats(m * kK)) {}

  void set(size_t row, size_t k, float x) { lhs_[row * kK + k] = x; }

  // Rows whose values are all finite have finite sums.
  void expect_right() const {
    const PackedBlocks packed = pack_blocks(weights_.weights);
    test::on_every_tier([&](IsaSet isa) {
      std::vector<float> out(m_ * kN);
      block_gemm(args_of(lhs_, m_, out), packed, isa);
      for (size_t i = 0; i < out.size(); ++i) expect_same_kind(out[i], sum(i / kN, i % kN));
    });
  }

  static constexpr size_t kBlock = 32, kK = 3 * kBlock + 1, kN = 20;

 private:
  double sum(size_t row, size_t n) const {
    double total = 0;
    for (size_t k = 0; k < kK; ++k) {
      total += static_cast<double>(lhs_[row * kK + k]) *
               (static_cast<float>(weights_.integer(k, n)) * weights_.scale(k / kBlock, n));
    }
    return total;
  }

  size_t m_;
  BlockWeights weights_;
  std::vector<float> lhs_;
};

TEST(ExactRows, KeepWhatIsNotFiniteInItsRow) {
  FloatSamples samples(106);
  for (uint32_t bits : kBits) {
    for (bool zero_points : {false, true}) {
      for (float bad : {kInfinity, -kInfinity, kNaN}) {
        for (size_t m : {1, 2, 4, 5}) {
          for (size_t k : {size_t{40}, NotFinite::kK - 1}) {
            NotFinite product(m, bits, zero_points, samples);
            product.set(m / 2, k, bad);
            product.expect_right();
          }
        }
      }
    }
  }
}

TEST(ExactRows, RunTheFirstKernelThatTheCpuHas) {
  EXPECT_EQ(select_exact_microkernel(1, isa::scalar), nullptr);
  for (const ExactMicrokernel& kernel : exact_microkernels()) {
    SCOPED_TRACE(kernel.name);
    EXPECT_EQ(select_exact_microkernel(1, kernel.isa), &kernel);
    EXPECT_EQ(select_exact_microkernel(kernel.most_rows, kernel.isa), &kernel);
    EXPECT_EQ(select_exact_microkernel(kernel.most_rows + 1, kernel.isa), nullptr);
  }
}

}  // namespace
}  // namespace octavo
