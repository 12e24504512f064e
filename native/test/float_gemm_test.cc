#include "float_gemm/float_gemm.h"

#include <gtest/gtest.h>

#include <cstring>
#include <limits>
#include <string>

#include "float_gemm/row_block.h"
#include "float_product.h"
#include "float_samples.h"
#include "quantize/quantize.h"

namespace octavo {
namespace {

using test::FloatSamples;
using test::SumBounds;

struct Product {
  size_t m, k, n;
  octavo_activation activation = OCTAVO_IDENTITY;
  float alpha = 0;
  float beta = 0;
  bool bias = false;
  bool residual = false;
  bool in_place = false;  // the residual is the output
  bool lhs_transposed = false;
  bool rhs_transposed = false;
  size_t padding = 3;
  uint32_t threads = 1;
};

// Weights as the packed copy holds them, and as they are passed.
struct Weights {
  Weights(const Product& p, octavo_type format, FloatSamples& samples)
      : in_pairs(format == kBfloatPairs),
        type(in_pairs ? OCTAVO_BF16 : format),
        values(p.k * p.n),
        halves(type == OCTAVO_F32 ? 0 : p.k * p.n) {
    if (type == OCTAVO_F32) {
      values = samples.floats(p.k * p.n);
    } else {
      halves = samples.halves(p.k * p.n, type);
      for (size_t i = 0; i < values.size(); ++i) values[i] = test::half_value(halves[i], type);
    }
    const void* data = type == OCTAVO_F32 ? static_cast<const void*>(values.data()) : halves.data();
    weights = {data,
               type,
               p.k,
               p.n,
               p.rhs_transposed ? 1 : p.n,
               p.rhs_transposed ? p.k : 1,
               in_pairs ? OCTAVO_COMPUTE_BF16 : OCTAVO_COMPUTE_F32};
  }
  double at(size_t k, size_t n) const {
    return values[k * weights.k_stride + n * weights.n_stride];
  }
  bool in_pairs;
  octavo_type type;
  std::vector<float> values;
  std::vector<uint16_t> halves;
  octavo_float_weights weights;
};

void expect_within_bounds(const Product& p, const FloatMicrokernel& kernel, FloatSamples& samples) {
  SCOPED_TRACE(std::to_string(p.m) + "x" + std::to_string(p.k) + "x" + std::to_string(p.n));
  const Weights weights(p, kernel.weights, samples);
  const size_t row_stride = p.lhs_transposed ? 1 : p.k + p.padding;
  const size_t k_stride = p.lhs_transposed ? p.m + p.padding : 1;
  const std::vector<float> lhs = samples.floats((p.m + p.padding) * (p.k + p.padding));
  const std::vector<float> bias = samples.floats(p.n);
  const size_t out_stride = p.n + p.padding;
  const std::vector<float> before = samples.floats(p.m * out_stride);
  std::vector<float> out = before;
  octavo_float_matmul_args args{};
  args.lhs = lhs.data();
  args.m = p.m;
  args.lhs_stride = row_stride;
  args.lhs_k_stride = k_stride;
  args.epilogue.bias = p.bias ? bias.data() : nullptr;
  args.epilogue.residual = !p.residual ? nullptr : p.in_place ? out.data() : before.data();
  args.epilogue.residual_stride = out_stride;
  args.epilogue.activation = p.activation;
  args.epilogue.alpha = p.alpha;
  args.epilogue.beta = p.beta;
  args.out = out.data();
  args.out_stride = out_stride;
  args.threads = p.threads;
  float_gemm(args, pack_float(weights.weights, kernel.isa));
  const auto read = [&](float x) {
    return weights.in_pairs ? bfloat_to_float(float_to_bfloat(x)) : x;
  };

  // Bias and residual are terms too, and an activation rounds at most three times more.
  SumBounds bounds(p.k + (p.bias ? 1 : 0) + (p.residual ? 1 : 0) +
                   (p.activation >= OCTAVO_LEAKY_RELU ? 3 : 0));
  for (size_t r = 0; r < p.m; ++r) {
    for (size_t c = 0; c < p.n; ++c) {
      double sum = p.bias ? bias[c] : 0, size = std::abs(sum);
      const double residual = p.residual ? before[r * out_stride + c] : 0;
      sum += residual;
      size += std::abs(residual);
      for (size_t k = 0; k < p.k; ++k) {
        const double product = read(lhs[r * row_stride + k * k_stride]) * weights.at(k, c);
        sum += product;
        size += std::abs(product);
      }
      // A hard swish multiplies the error of the sum by its slope, which is at most 1.5; beta is a
      // term as well.
      if (p.activation == OCTAVO_HARD_SWISH) size *= 1.5;
      if (p.activation >= OCTAVO_HARD_SIGMOID) size += p.beta;
      bounds.add(out[r * out_stride + c], test::activated(args.epilogue, sum), size);
    }
    for (size_t c = p.n; c < out_stride; ++c) {
      ASSERT_EQ(out[r * out_stride + c], before[r * out_stride + c]) << "wrote beyond its columns";
    }
  }
  bounds.expect_kept();
}

class FloatGemmOnEveryKernel : public testing::TestWithParam<FloatMicrokernel> {
 protected:
  void SetUp() override {
    if (!active_isa().contains(GetParam().isa)) GTEST_SKIP() << "not on this CPU";
  }
};

TEST_P(FloatGemmOnEveryKernel, KeepsItsBoundsOnRemaindersOfTiles) {
  FloatSamples samples(51);
  const FloatMicrokernel& kernel = GetParam();
  for (size_t m : {size_t{1}, size_t{2}, size_t{3}, kernel.mr - 1, kernel.mr, kernel.mr + 1,
                   2 * kernel.mr + 1}) {
    for (size_t n : {size_t{1}, kernel.lanes, kernel.lanes + 1, kernel.nr - 1, kernel.nr,
                     kernel.nr + 1, kernel.nr + kernel.lanes + 1, 2 * kernel.nr,
                     2 * kernel.nr + kernel.lanes + 1, 5 * kernel.nr - 1}) {
      for (size_t k : {1, 2, 3, 4, 5, 15, 16, 17, 65}) {
        expect_within_bounds({m, k, n}, kernel, samples);
        if (HasFailure()) return;
      }
    }
  }
}

// Also where only the first tile of many converts them, in each block of the depth.
TEST_P(FloatGemmOnEveryKernel, MultipliesByHalvesAsByTheFloatsThatTheyAre) {
  const FloatMicrokernel& kernel = GetParam();
  if (kernel.weights != OCTAVO_F16 && kernel.weights != OCTAVO_BF16) {
    GTEST_SKIP() << "weights of 32 bits";
  }
  FloatSamples samples(57);
  for (size_t m : {size_t{1}, 2 * kernel.mr, 2 * kernel.mr + 1, kBlockRows + kernel.mr}) {
    for (size_t k : {size_t{7}, kBlockDepth + 5}) {
      const size_t n = 2 * kernel.nr + kernel.lanes + 1;
      const Weights halves({m, k, n}, kernel.weights, samples);
      octavo_float_weights floats = halves.weights;
      floats.data = halves.values.data();
      floats.type = OCTAVO_F32;
      const std::vector<float> lhs = samples.floats(m * k);
      EXPECT_EQ(test::product(lhs, pack_float(halves.weights, kernel.isa), 1),
                test::product(lhs, pack_float(floats, kernel.isa), 1))
          << m << "x" << k << "x" << n;
    }
  }
}

// However many of a single row's panels are multiplied together.
TEST_P(FloatGemmOnEveryKernel, GivesTheSameBitsOnEachNumberOfThreads) {
  FloatSamples samples(58);
  const FloatMicrokernel& kernel = GetParam();
  for (size_t m : {size_t{1}, size_t{2}, kernel.mr + 1}) {
    // Enough work for a single row of the narrowest kernel to be shared between threads.
    const size_t k = m == 1 ? 4096 : 2048, n = 9 * kernel.nr + kernel.lanes;
    const Weights weights({m, k, n}, kernel.weights, samples);
    const PackedFloat packed = pack_float(weights.weights, kernel.isa);
    const std::vector<float> lhs = samples.floats(m * k);
    const std::vector<float> alone = test::product(lhs, packed, 1);
    for (uint32_t threads : {2u, 3u, 7u}) {
      EXPECT_EQ(test::product(lhs, packed, threads), alone) << m << " rows";
    }
  }
}

// Whether they are found by their distance or by a pointer each.
TEST_P(FloatGemmOnEveryKernel, GivesTheSameBitsOnRowsAtEqualDistances) {
  FloatSamples samples(59);
  const FloatMicrokernel& kernel = GetParam();
  for (size_t m = 2; m <= 2 * kernel.mr + 1; ++m) {
    for (size_t k : {1, 2, 7, 32}) {
      const size_t n = kernel.nr + kernel.lanes, stride = k + m % 3, run = 0;
      const Weights weights({m, k, n}, kernel.weights, samples);
      const PackedFloat packed = pack_float(weights.weights, kernel.isa);
      std::vector<float> lhs = samples.floats(m * stride);
      if (weights.in_pairs) {
        const std::vector<float> values = samples.floats(2 * lhs.size());
        floats_to_bfloat(values.data(), values.size(), reinterpret_cast<uint16_t*>(lhs.data()));
      }
      std::vector<const float*> rows(m);
      for (size_t row = 0; row < m; ++row) rows[row] = lhs.data() + row * stride;
      std::vector<float> spaced(m * n), apart(m * n);
      const auto multiply = [&](size_t row_stride, std::vector<float>& out) {
        multiply_block({rows.data(), row_stride, m, &run, 1, packed.depth(), {}, out.data(), n},
                       {&kernel, packed.panels.data(), packed.depth(), 0, n});
      };
      multiply(stride, spaced);
      multiply(0, apart);
      EXPECT_EQ(spaced, apart) << m << "x" << k << "x" << n;
    }
  }
}

TEST_P(FloatGemmOnEveryKernel, TakesSubnormalWeightsForZero) {
  const octavo_type type = GetParam().weights;
  if (type == kBfloatPairs) GTEST_SKIP() << "docs/numerics.md says which of these do";
  const size_t k = 5, n = 3;
  const std::vector<float> floats(k * n, 0x1p-127f);
  // Both are subnormal, but only that of bfloat16 is so as a float too.
  const std::vector<uint16_t> halves(k * n, 1);
  const void* data = type == OCTAVO_F32 ? static_cast<const void*>(floats.data()) : halves.data();
  const std::vector<float> lhs(k, 0x1p100f);
  for (bool turned : {false, true}) {
    std::vector<float> out(n, -1.0f);
    octavo_float_matmul_args args{};
    args.lhs = lhs.data();
    args.m = 1;
    args.lhs_stride = k;
    args.lhs_k_stride = 1;
    args.out = out.data();
    args.out_stride = n;
    const octavo_float_weights weights{
        data, type, k, n, turned ? 1 : n, turned ? k : 1, OCTAVO_COMPUTE_F32};
    float_gemm(args, pack_float(weights, GetParam().isa));
    const float kept = type == OCTAVO_F16 ? 5 * 0x1p76f : 0.0f;
    for (size_t c = 0; c < n; ++c) EXPECT_EQ(out[c], kept);
  }
}

TEST_P(FloatGemmOnEveryKernel, KeepsItsBoundsOnRandomShapesAndEpilogues) {
  FloatSamples samples(52);
  for (int round = 0; round < 60; ++round) {
    Product p{samples.size(1, 140), samples.size(1, 300), samples.size(1, 90)};
    p.activation = static_cast<octavo_activation>(samples.size(0, 4));
    p.alpha = p.activation == OCTAVO_CLIP ? -1.0f : 0.2f;
    p.beta = p.activation == OCTAVO_CLIP ? 2.0f : 0.5f;
    p.bias = samples.size(0, 1) != 0;
    p.residual = samples.size(0, 1) != 0;
    p.in_place = samples.size(0, 1) != 0;
    p.lhs_transposed = samples.size(0, 3) == 0;
    p.rhs_transposed = samples.size(0, 1) != 0;
    p.padding = samples.size(0, 9);
    p.threads = static_cast<uint32_t>(samples.size(1, 3));
    expect_within_bounds(p, GetParam(), samples);
    if (HasFailure()) return;
  }
}

TEST_P(FloatGemmOnEveryKernel, CutsDeepProductsIntoBlocks) {
  FloatSamples samples(53);
  for (size_t k : {512, 513, 1024, 1600}) {
    Product p{7, k, 40};
    p.bias = p.residual = p.in_place = true;
    p.activation = OCTAVO_CLIP;
    p.alpha = -3;
    p.beta = 5;
    expect_within_bounds(p, GetParam(), samples);
  }
}

TEST_P(FloatGemmOnEveryKernel, CopiesRowsThatShareCacheSets) {
  FloatSamples samples(54);
  Product p{13, 1024, 130};
  p.padding = 0;
  expect_within_bounds(p, GetParam(), samples);
}

TEST_P(FloatGemmOnEveryKernel, GivesTheEpilogueOfNothingWhereThereIsNothingToSum) {
  FloatSamples samples(55);
  Product p{3, 0, 21};
  p.bias = true;
  expect_within_bounds(p, GetParam(), samples);
  expect_within_bounds({0, 5, 5}, GetParam(), samples);
  expect_within_bounds({5, 5, 0}, GetParam(), samples);
}

TEST_P(FloatGemmOnEveryKernel, PassesNotANumberThroughClipping) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  std::vector<float> values(5 * 4, 1.0f), out(3 * 4);
  const octavo_float_weights weights{values.data(), OCTAVO_F32, 5, 4, 4, 1, OCTAVO_COMPUTE_F32};
  std::vector<float> lhs(3 * 5, 1.0f);
  lhs[7] = nan;
  if (GetParam().weights != OCTAVO_F32) return;
  octavo_float_matmul_args args{};
  args.lhs = lhs.data();
  args.m = 3;
  args.lhs_stride = 5;
  args.lhs_k_stride = 1;
  args.epilogue.activation = OCTAVO_CLIP;
  args.epilogue.beta = 3;
  args.out = out.data();
  args.out_stride = 4;
  float_gemm(args, pack_float(weights, GetParam().isa));
  for (size_t c = 0; c < 4; ++c) {
    EXPECT_EQ(out[c], 3);
    EXPECT_TRUE(std::isnan(out[4 + c]));
    EXPECT_EQ(out[8 + c], 3);
  }
}

TEST_P(FloatGemmOnEveryKernel, MultipliesBatchesOfVaryingMatrices) {
  if (GetParam().weights != OCTAVO_F32) return;
  FloatSamples samples(56);
  for (int round = 0; round < 12; ++round) {
    const size_t batch = samples.size(1, 4), m = samples.size(1, 30), k = samples.size(1, 70),
                 n = samples.size(1, 50);
    const bool turned_a = round % 2 == 1, turned_b = round % 3 == 1;
    const std::vector<float> a = samples.floats(batch * m * k), b = samples.floats(k * n);
    std::vector<float> out(batch * m * n);
    std::vector<size_t> a_offsets(batch), out_offsets(batch);
    for (size_t i = 0; i < batch; ++i) {
      a_offsets[i] = (batch - 1 - i) * m * k;
      out_offsets[i] = i * m * n;
    }
    octavo_float_batch_matmul_args args{};
    args.batch = batch;
    args.m = m;
    args.k = k;
    args.n = n;
    args.a = {a.data(), a_offsets.data(), turned_a ? 1 : k, turned_a ? m : 1};
    args.b = {b.data(), nullptr, turned_b ? 1 : n, turned_b ? k : 1};
    args.out = out.data();
    args.out_offsets = out_offsets.data();
    args.out_stride = n;
    float_batch_gemm(args, GetParam().isa);
    SumBounds bounds(k);
    for (size_t i = 0; i < batch; ++i) {
      for (size_t r = 0; r < m; ++r) {
        for (size_t c = 0; c < n; ++c) {
          double sum = 0, size = 0;
          for (size_t j = 0; j < k; ++j) {
            const double product =
                static_cast<double>(
                    a[a_offsets[i] + r * args.a.row_stride + j * args.a.column_stride]) *
                b[j * args.b.row_stride + c * args.b.column_stride];
            sum += product;
            size += std::abs(product);
          }
          bounds.add(out[(i * m + r) * n + c], sum, size);
        }
      }
    }
    bounds.expect_kept();
  }
}

TEST(FloatSelect, EveryKernelIsPickedOnHardwareThatHasJustItsFeatures) {
  for (const FloatMicrokernel& kernel : float_microkernels()) {
    EXPECT_STREQ(select_float_microkernel(kernel.weights, kernel.isa).name, kernel.name);
  }
}

TEST(Half, EveryHalfHasTheValueOfItsBits) {
  for (uint32_t bits = 0; bits < 0x10000; ++bits) {
    const uint32_t exponent = bits >> 10 & 31, fraction = bits & 1023;
    const float found = half_to_float(static_cast<uint16_t>(bits));
    if (exponent == 31) {
      EXPECT_TRUE(fraction == 0 ? std::isinf(found) : std::isnan(found));
      continue;
    }
    const double size = exponent == 0
                            ? fraction * 0x1p-24
                            : std::ldexp(1024 + fraction, static_cast<int>(exponent) - 25);
    ASSERT_EQ(found, (bits & 0x8000) != 0 ? -size : size);
  }
}

std::vector<FloatMicrokernel> table() {
  return {float_microkernels().begin(), float_microkernels().end()};
}

INSTANTIATE_TEST_SUITE_P(Table, FloatGemmOnEveryKernel, testing::ValuesIn(table()),
                         [](const auto& info) { return std::string(info.param.name); });

}  // namespace
}  // namespace octavo
