// A product with block-quantized weights, and what it is to be.
#ifndef OCTAVO_TEST_BLOCK_PRODUCT_H_
#define OCTAVO_TEST_BLOCK_PRODUCT_H_

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "block_gemm/block_gemm.h"
#include "float_samples.h"

namespace octavo::test {

enum class WeightSource { kMatMulNBits, kDequantizeLinear };

struct BlockProduct {
  size_t m, k, n;
  uint32_t bits;
  size_t block_size;
  bool zero_points = false;
  bool half_scales = false;
  WeightSource source = WeightSource::kMatMulNBits;
  bool bias = false;
  bool residual = false;
  octavo_activation activation = OCTAVO_IDENTITY;
  bool extreme = false;
  uint32_t threads = 1;
};

// Weights as numbers, and the bytes that a model holds.
class BlockWeights {
 public:
  BlockWeights(const BlockProduct& p, FloatSamples& samples)
      : p_(p), blocks_(div_up(p.k, p.block_size)), padded_(blocks_ * p.block_size) {
    const bool rows = p.source == WeightSource::kMatMulNBits;
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
  static size_t number(const BlockProduct& p, size_t most, FloatSamples& samples) {
    if (p.extreme) return samples.size(0, 1) * most;
    return samples.size(0, most);
  }
  int read(const std::vector<uint8_t>& bytes, size_t index) const {
    const size_t bit = index * p_.bits;
    const int q = (bytes[bit / 8] >> (bit % 8)) & static_cast<int>(highest_);
    const int half = static_cast<int>(highest_ / 2 + 1);
    return weights.is_signed && q >= half ? q - 2 * half : q;
  }

  BlockProduct p_;
  size_t blocks_;
  size_t padded_;
  size_t highest_;
  std::vector<uint8_t> data_;
  std::vector<uint8_t> zero_points_;
  std::vector<float> scales_;
  std::vector<uint16_t> halves_;
};

// What each mode is to compute, in plain loops and other formulas.
class BlockOracle {
 public:
  BlockOracle(const BlockProduct& p, const BlockWeights& weights, const std::vector<float>& lhs,
              size_t stride)
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

  const BlockProduct& p_;
  const BlockWeights& weights_;
  const std::vector<float>& lhs_;
  size_t stride_;
};

class BlockCase {
 public:
  BlockCase(const BlockProduct& p, FloatSamples& samples)
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
    dynamic_int8_ = BlockOracle(p_, weights_, lhs_, lhs_stride_).dynamic_int8();
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
    const BlockOracle oracle(p_, weights_, lhs_, lhs_stride_);
    SumBounds bounds(p_.k + (p_.bias ? 1 : 0) + (p_.residual ? 1 : 0));
    for (size_t r = 0; r < p_.m; ++r) {
      for (size_t c = 0; c < p_.n; ++c) {
        double sum = p_.bias ? bias_[c] : 0;
        double size = std::abs(sum);
        if (p_.residual) sum += before_[r * out_stride_ + c];
        if (p_.residual) size += std::abs(before_[r * out_stride_ + c]);
        oracle.add_exact(r, c, sum, size);
        bounds.add(out[r * out_stride_ + c], activated(args.epilogue, sum), size);
      }
    }
    bounds.expect_kept();
  }

  BlockProduct p_;
  BlockWeights weights_;
  size_t lhs_stride_;
  size_t out_stride_;
  std::vector<float> lhs_;
  std::vector<float> bias_;
  std::vector<float> before_;
  PackedBlocks packed_;
  std::vector<float> dynamic_int8_;
};

}  // namespace octavo::test

#endif  // OCTAVO_TEST_BLOCK_PRODUCT_H_
