#include "block_gemm/block_gemm.h"

#include <gtest/gtest.h>

#include <cstring>
#include <limits>
#include <string>

#include "block_gemm/select_block.h"
#include "float_samples.h"

namespace octavo {
namespace {

using test::FloatSamples;
using test::SumBounds;

enum class Source { kMatMulNBits, kDequantizeLinear };

struct Product {
  size_t m, k, n;
  uint32_t bits;
  size_t block_size;
  bool zero_points = false;
  bool half_scales = false;
  Source source = Source::kMatMulNBits;
  bool bias = false;
  bool residual = false;
  octavo_activation activation = OCTAVO_IDENTITY;
  bool extreme = false;
  uint32_t threads = 1;
};

// Weights as numbers, and the bytes that a model holds.
class Weights {
 public:
  Weights(const Product& p, FloatSamples& samples)
      : p_(p), blocks_(div_up(p.k, p.block_size)), padded_(blocks_ * p.block_size) {
    const bool rows = p.source == Source::kMatMulNBits;
    const size_t per_byte = 8 / p.bits;
    const size_t highest = (size_t{1} << p.bits) - 1;
    const size_t zero_row = rows ? div_up(blocks_, per_byte) * per_byte : p.n;
    data_.resize(div_up((rows ? p.n * padded_ : p.k * p.n), per_byte));
    zero_points_.resize(div_up(rows ? p.n * zero_row : blocks_ * p.n, per_byte));
    for (uint8_t& byte : data_) byte = static_cast<uint8_t>(number(p, 255, samples));
    for (uint8_t& byte : zero_points_) byte = static_cast<uint8_t>(number(p, 255, samples));
    scales_ = samples.floats(blocks_ * p.n, -0.1f, 0.1f);
    halves_ = samples.halves(blocks_ * p.n, OCTAVO_F16);
    weights = {};
    weights.data = data_.data();
    weights.bits = p.bits;
    weights.is_signed = rows ? 0 : 1;
    weights.k = p.k;
    weights.n = p.n;
    weights.block_size = p.block_size;
    weights.k_stride = rows ? 1 : p.n;
    weights.n_stride = rows ? padded_ : 1;
    weights.scales = p.half_scales ? static_cast<const void*>(halves_.data()) : scales_.data();
    weights.scale_type = p.half_scales ? OCTAVO_F16 : OCTAVO_F32;
    weights.scale_block_stride = rows ? 1 : p.n;
    weights.scale_n_stride = rows ? blocks_ : 1;
    weights.zero_points = p.zero_points ? zero_points_.data() : nullptr;
    weights.zero_point_block_stride = rows ? 1 : p.n;
    weights.zero_point_n_stride = rows ? zero_row : 1;
    highest_ = highest;
  }

  size_t blocks() const { return blocks_; }
  float scale(size_t block, size_t n) const {
    const size_t at = block * weights.scale_block_stride + n * weights.scale_n_stride;
    return p_.half_scales ? half_to_float(halves_[at]) : scales_[at];
  }
  int integer(size_t k, size_t n) const {
    const size_t block = k / p_.block_size;
    const int q = read(data_, k * weights.k_stride + n * weights.n_stride);
    if (!p_.zero_points) return q - (weights.is_signed ? 0 : static_cast<int>(highest_ / 2 + 1));
    return q - read(zero_points_,
                    block * weights.zero_point_block_stride + n * weights.zero_point_n_stride);
  }

  octavo_block_weights weights;

 private:
  static size_t number(const Product& p, size_t most, FloatSamples& samples) {
    if (p.extreme) return samples.size(0, 1) * most;
    return samples.size(0, most);
  }
  int read(const std::vector<uint8_t>& bytes, size_t index) const {
    const size_t bit = index * p_.bits;
    const int q = (bytes[bit / 8] >> (bit % 8)) & static_cast<int>(highest_);
    const int half = static_cast<int>(highest_ / 2 + 1);
    return weights.is_signed && q >= half ? q - 2 * half : q;
  }

  Product p_;
  size_t blocks_;
  size_t padded_;
  size_t highest_;
  std::vector<uint8_t> data_;
  std::vector<uint8_t> zero_points_;
  std::vector<float> scales_;
  std::vector<uint16_t> halves_;
};

// What each mode is to compute, in plain loops and other formulas.
class Oracle {
 public:
  Oracle(const Product& p, const Weights& weights, const std::vector<float>& lhs, size_t stride)
      : p_(p), weights_(weights), lhs_(lhs), stride_(stride) {}

  // Outputs [m][n].
  std::vector<float> dynamic_int8() const {
    std::vector<float> out(p_.m * p_.n);
    for (size_t r = 0; r < p_.m; ++r) {
      for (size_t block = 0; block < weights_.blocks(); ++block) {
        add_block(r, block, out.data() + r * p_.n);
      }
    }
    return out;
  }

  void add_exact(size_t r, size_t c, double& sum, double& size) const {
    for (size_t k = 0; k < p_.k; ++k) {
      const float scale = weights_.scale(k / p_.block_size, c);
      const float weight = static_cast<float>(weights_.integer(k, c)) * scale;
      const double product = static_cast<double>(at(r, k)) * weight;
      sum += product;
      size += std::abs(product);
    }
  }

 private:
  float at(size_t r, size_t k) const { return lhs_[r * stride_ + k]; }

  void add_block(size_t r, size_t block, float* out) const {
    const size_t first = block * p_.block_size, last = std::min(p_.k, first + p_.block_size);
    float most = 0;
    for (size_t k = first; k < last; ++k) most = std::fmax(most, std::fabs(at(r, k)));
    const float scale = most / 127;
    std::vector<int64_t> sums(p_.n);
    for (size_t k = first; k < last && scale > 0; ++k) {
      const int64_t q = static_cast<int64_t>(std::nearbyint(at(r, k) / scale));
      for (size_t c = 0; c < p_.n; ++c) sums[c] += q * weights_.integer(k, c);
    }
    for (size_t c = 0; c < p_.n; ++c) {
      out[c] = std::fma(static_cast<float>(sums[c]), scale * weights_.scale(block, c), out[c]);
    }
  }

  const Product& p_;
  const Weights& weights_;
  const std::vector<float>& lhs_;
  size_t stride_;
};

class Case {
 public:
  Case(const Product& p, FloatSamples& samples)
      : p_(p),
        weights_(p, samples),
        lhs_stride_(p.k + 3),
        out_stride_(p.n + 3),
        lhs_(samples.floats((p.m + 1) * lhs_stride_)),
        bias_(samples.floats(p.n)),
        before_(samples.floats(p.m * out_stride_)),
        packed_(pack_blocks(weights_.weights)) {
    for (float& x : lhs_) {
      if (p.extreme) x = x < 0 ? -1.0f : 1.0f;
    }
    dynamic_int8_ = Oracle(p_, weights_, lhs_, lhs_stride_).dynamic_int8();
  }

  void expect_right(octavo_block_mode mode, IsaSet isa) const {
    SCOPED_TRACE(std::to_string(p_.m) + "x" + std::to_string(p_.k) + "x" + std::to_string(p_.n) +
                 ", " + std::to_string(p_.bits) + " bits, blocks of " +
                 std::to_string(p_.block_size));
    std::vector<float> out = before_;
    octavo_block_matmul_args args{};
    args.lhs = lhs_.data();
    args.m = p_.m;
    args.lhs_stride = lhs_stride_;
    args.mode = mode;
    args.epilogue.bias = p_.bias ? bias_.data() : nullptr;
    args.epilogue.residual = p_.residual ? before_.data() : nullptr;
    args.epilogue.residual_stride = out_stride_;
    args.epilogue.activation = p_.activation;
    args.epilogue.alpha = 0.25f;
    args.epilogue.beta = 0.5f;
    args.out = out.data();
    args.out_stride = out_stride_;
    args.threads = p_.threads;
    block_gemm(args, packed_, isa);
    mode == OCTAVO_BLOCK_EXACT ? expect_exact(args, out) : expect_dynamic_int8(args, out);
    for (size_t r = 0; r < p_.m; ++r) {
      for (size_t c = p_.n; c < out_stride_; ++c) {
        ASSERT_EQ(out[r * out_stride_ + c], before_[r * out_stride_ + c]) << "beyond the columns";
      }
    }
  }

 private:
  void expect_dynamic_int8(const octavo_block_matmul_args& args,
                           const std::vector<float>& out) const {
    for (size_t r = 0; r < p_.m; ++r) {
      for (size_t c = 0; c < p_.n; ++c) {
        float expected = dynamic_int8_[r * p_.n + c];
        if (p_.bias) expected += bias_[c];
        if (p_.residual) expected += before_[r * out_stride_ + c];
        if (p_.activation == OCTAVO_CLIP) {
          expected = std::fmin(args.epilogue.beta, std::fmax(args.epilogue.alpha, expected));
        }
        ASSERT_EQ(out[r * out_stride_ + c], expected) << r << ", " << c;
      }
    }
  }

  void expect_exact(const octavo_block_matmul_args& args, const std::vector<float>& out) const {
    const Oracle oracle(p_, weights_, lhs_, lhs_stride_);
    SumBounds bounds(p_.k + (p_.bias ? 1 : 0) + (p_.residual ? 1 : 0));
    for (size_t r = 0; r < p_.m; ++r) {
      for (size_t c = 0; c < p_.n; ++c) {
        double sum = p_.bias ? bias_[c] : 0;
        double size = std::abs(sum);
        if (p_.residual) sum += before_[r * out_stride_ + c];
        if (p_.residual) size += std::abs(before_[r * out_stride_ + c]);
        oracle.add_exact(r, c, sum, size);
        bounds.add(out[r * out_stride_ + c], test::activated(args.epilogue, sum), size);
      }
    }
    bounds.expect_kept();
  }

  Product p_;
  Weights weights_;
  size_t lhs_stride_;
  size_t out_stride_;
  std::vector<float> lhs_;
  std::vector<float> bias_;
  std::vector<float> before_;
  PackedBlocks packed_;
  std::vector<float> dynamic_int8_;
};

void expect_many_rows_right(const Case& product, size_t m) {
  for (const ExpandedMicrokernel& kernel : expanded_microkernels()) {
    if (m < kernel.rows || !active_isa().contains(kernel.isa)) continue;
    SCOPED_TRACE(kernel.name);
    product.expect_right(OCTAVO_BLOCK_DYNAMIC_INT8, kernel.isa);
    if (testing::Test::HasFatalFailure()) return;
  }
}

// Both modes on every tier of this CPU.
void expect_right(const Product& p, FloatSamples& samples) {
  const Case product(p, samples);
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
      const Product p{m, 100, n, bits, 32, m % 2 == 0, m % 4 == 0};
      expect_many_rows_right(Case(p, samples), m);
    }
  }
}

// Blocks longer and shorter than the piece that is expanded at once, and rows of several tasks.
TEST(BlockGemm, IsRightForManyRowsOfEveryBlockSize) {
  FloatSamples samples(91);
  for (uint32_t bits : {2u, 4u, 8u}) {
    for (size_t block_size : {16, 32, 48, 64, 128, 256, 4096}) {
      for (bool zero_points : {false, true}) {
        const Product even{17, 1300, 34, bits, block_size, zero_points};
        expect_many_rows_right(Case(even, samples), even.m);
        const Product odd{33, 713, 20, bits, block_size, zero_points, true};
        expect_many_rows_right(Case(odd, samples), odd.m);
      }
    }
    expect_many_rows_right(Case({40, 20000, 3, bits, 128}, samples), 40);
    expect_many_rows_right(Case({17, 5000, 40, bits, 2048}, samples), 17);
  }
}

TEST(BlockGemm, IsRightForEveryBlockSize) {
  FloatSamples samples(82);
  for (uint32_t bits : {2u, 4u, 8u}) {
    for (size_t block_size : {16, 32, 48, 64, 128, 256, 1024}) {
      for (size_t k : {size_t{250}, size_t{512}, size_t{600}}) {
        for (bool zero_points : {false, true}) {
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
      expect_right({4, 96, 21, bits, 32, zero_points, false, Source::kDequantizeLinear}, samples);
      expect_right({4, 100, 20, bits, 128, zero_points, true, Source::kDequantizeLinear}, samples);
    }
  }
}

TEST(BlockGemm, NeverSaturatesInsideAProduct) {
  FloatSamples samples(84);
  for (uint32_t bits : {2u, 4u, 8u}) {
    for (size_t block_size : {16, 64, 512}) {
      for (bool zero_points : {false, true}) {
        for (size_t m : {7, 21}) {
          Product p{m, 512, 17, bits, block_size, zero_points};
          p.extreme = true;
          expect_right(p, samples);
        }
      }
    }
  }
}

TEST(BlockGemm, AppliesBiasResidualAndActivation) {
  FloatSamples samples(85);
  for (uint32_t bits : {4u, 8u}) {
    for (octavo_activation activation : {OCTAVO_IDENTITY, OCTAVO_CLIP}) {
      for (size_t m : {9, 19}) {
        Product p{m, 300, 37, bits, 32, bits == 4 || m == 9};
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
    Product p{m, 520, 200, 4, 64};
    p.threads = 3;
    expect_right(p, samples);
  }
}

void expect_nan_in_last_row(size_t m) {
  FloatSamples samples(87);
  const Weights weights({m, 64, 20, 4, 32}, samples);
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
  for (size_t m : {2, 18}) expect_nan_in_last_row(m);
}

TEST(BlockGemm, OfZerosIsZero) {
  FloatSamples samples(88);
  const Weights weights({1, 64, 20, 4, 32}, samples);
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
  Weights weights({1, 64, 20, 4, 32, false, true}, samples);
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
