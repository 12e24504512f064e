#include "gemm/gemm.h"

#include <gtest/gtest.h>

#include <cstring>
#include <string>
#include <vector>

#include "cpu/cache.h"
#include "epilogue/epilogue_panel.h"
#include "gemm/select.h"
#include "pack/pack_rhs.h"
#include "reference/reference_gemm.h"
#include "samples.h"
#include "threading/parallel_for.h"

namespace octavo {
namespace {

using test::Fill;
using test::Samples;

struct Product {
  size_t m, k, n;
  octavo_type lhs = OCTAVO_U8;
  octavo_type rhs = OCTAVO_S8;
  octavo_type output = OCTAVO_S32;
  enum class ZeroPoints { none, one, each };
  ZeroPoints lhs_zero_points = ZeroPoints::none;
  ZeroPoints rhs_zero_points = ZeroPoints::none;
  bool per_column = true;
  bool bias = true;
  bool row_scales = false;
  bool float_bias = false;
  Fill fill = Fill::random;
  size_t padding = 3;
  bool gathered = false;
};

struct Rows {
  const uint8_t* bytes;
  size_t k, stride;
};

void gather_rows(const void* context, size_t first, size_t count, uint8_t* out) {
  const Rows& rows = *static_cast<const Rows*>(context);
  for (size_t i = 0; i < count; ++i) {
    std::memcpy(out + i * rows.k, rows.bytes + (first + i) * rows.stride, rows.k);
  }
}

size_t count_of(Product::ZeroPoints kind, size_t items) {
  if (kind == Product::ZeroPoints::none) return 0;
  return kind == Product::ZeroPoints::one ? 1 : items;
}

std::string describe(const Product& p) {
  return std::to_string(p.m) + "x" + std::to_string(p.k) + "x" + std::to_string(p.n) + " types " +
         std::to_string(p.lhs) + std::to_string(p.rhs) + std::to_string(p.output);
}

void expect_exact(const Product& p, const Microkernel& kernel, Samples& samples) {
  const size_t lhs_stride = p.k + p.padding, out_stride = p.n + p.padding;
  const size_t lhs_size = p.m == 0 ? 0 : (p.m - 1) * lhs_stride + p.k;
  const std::vector<uint8_t> lhs = samples.bytes(lhs_size, p.lhs, p.fill);
  const std::vector<uint8_t> rhs = samples.bytes(p.k * p.n, p.rhs, p.fill);
  const std::vector<int32_t> za = samples.zero_points(count_of(p.lhs_zero_points, p.m), p.lhs);
  const std::vector<int32_t> zb = samples.zero_points(count_of(p.rhs_zero_points, p.n), p.rhs);
  const std::vector<int32_t> bias = samples.integers(p.n, -100000, 100000);
  const std::vector<float> scales = samples.scales(p.per_column ? p.n : 1, p.k);
  const std::vector<float> row_scales = samples.scales(p.m, 1);
  const std::vector<float> float_bias = samples.scales(p.n, 1);

  octavo_epilogue epilogue{};
  epilogue.output = p.output;
  epilogue.bias = p.bias ? bias.data() : nullptr;
  if (p.output != OCTAVO_S32) {
    epilogue.scales = scales.data();
    epilogue.scale_count = scales.size();
  }
  epilogue.row_scales = p.row_scales ? row_scales.data() : nullptr;
  epilogue.float_bias = p.float_bias ? float_bias.data() : nullptr;
  epilogue.zero_point = p.output == OCTAVO_U8 ? 120 : -3;
  epilogue.clamp_min = p.output == OCTAVO_U8 ? 1 : -127;
  epilogue.clamp_max = p.output == OCTAVO_U8 ? 254 : 120;

  const octavo_weights weights{rhs.data(), p.rhs, p.k, p.n, p.n, 1, zb.data(), zb.size()};
  const PackedRhs packed = pack_rhs(weights, kernel.layout);
  const size_t bytes = p.m * out_stride * output_bytes(p.output);
  std::vector<uint8_t> found(bytes, 0x5A), expected(bytes, 0x5A);
  GemmProblem problem{lhs.data(), p.lhs,    p.m,          lhs_stride, za.data(), za.size(), &packed,
                      epilogue,   found.data(), out_stride};
  const Rows rows{lhs.data(), p.k, lhs_stride};
  if (p.gathered) problem.gather = {gather_rows, &rows};
  gemm(problem, kernel.isa);
  const octavo_matmul_args args{lhs.data(), p.lhs,   p.m,      lhs_stride,      za.data(),
                                za.size(),  nullptr, epilogue, expected.data(), out_stride};
  reference::matmul(args, weights);
  ASSERT_EQ(found, expected) << kernel.name << " " << describe(p);
}

class GemmOnEveryKernel : public testing::TestWithParam<Microkernel> {
 protected:
  void SetUp() override {
    if (!active_isa().contains(GetParam().isa)) GTEST_SKIP() << "not on this CPU";
  }
};

constexpr octavo_type kByteTypes[] = {OCTAVO_U8, OCTAVO_S8};
constexpr octavo_type kOutputs[] = {OCTAVO_S32, OCTAVO_F32, OCTAVO_U8, OCTAVO_S8};
using ZeroPoints = Product::ZeroPoints;
constexpr ZeroPoints kZeroPoints[] = {ZeroPoints::none, ZeroPoints::one, ZeroPoints::each};

TEST_P(GemmOnEveryKernel, IsExactForAllSignsZeroPointsAndOutputs) {
  Samples samples(31);
  for (octavo_type lhs : kByteTypes) {
    for (octavo_type rhs : kByteTypes) {
      for (octavo_type output : kOutputs) {
        for (ZeroPoints za : kZeroPoints) {
          for (ZeroPoints zb : kZeroPoints) {
            Product product{13, 37, 83, lhs, rhs, output, za, zb};
            product.per_column = za != ZeroPoints::one;
            expect_exact(product, GetParam(), samples);
            if (HasFatalFailure()) return;
          }
        }
      }
    }
  }
}

TEST_P(GemmOnEveryKernel, IsExactOnExtremeValues) {
  Samples samples(32);
  for (Fill fill : test::kFills) {
    for (octavo_type lhs : kByteTypes) {
      for (octavo_type rhs : kByteTypes) {
        Product product{9, 300, 66, lhs, rhs, OCTAVO_S32, ZeroPoints::each, ZeroPoints::each};
        product.fill = fill;
        expect_exact(product, GetParam(), samples);
        if (HasFatalFailure()) return;
      }
    }
  }
}

TEST_P(GemmOnEveryKernel, IsExactOnRemaindersOfTiles) {
  Samples samples(33);
  const Microkernel& kernel = GetParam();
  for (size_t m :
       {size_t{1}, kernel.mr - 1, kernel.mr, kernel.mr + 1, 2 * kernel.mr + 1, size_t{33}}) {
    for (size_t n : {size_t{1}, size_t{16}, size_t{kernel.layout.nr}, kernel.layout.nr + size_t{1},
                     2 * kernel.layout.nr + size_t{5}}) {
      for (size_t k : {1, 2, 3, 4, 5, 63, 64, 65}) {
        expect_exact({m, k, n, OCTAVO_S8, OCTAVO_S8, OCTAVO_U8}, kernel, samples);
        if (HasFatalFailure()) return;
      }
    }
  }
}

// Narrow panels pass by together, up to the columns of the widest.
TEST_P(GemmOnEveryKernel, IsExactOnRemaindersOfPanelsTogether) {
  Samples samples(40);
  const Microkernel& kernel = GetParam();
  for (octavo_type output : {OCTAVO_S32, OCTAVO_U8}) {
    for (size_t n : {kMaxPanelColumns - 1, kMaxPanelColumns, kMaxPanelColumns + 1,
                     kMaxPanelColumns + kernel.layout.nr + 1}) {
      expect_exact({kernel.mr + 1, 65, n, OCTAVO_U8, OCTAVO_S8, output}, kernel, samples);
      if (HasFatalFailure()) return;
    }
  }
}

TEST_P(GemmOnEveryKernel, IsExactOnRandomShapes) {
  Samples samples(34);
  for (int round = 0; round < 60; ++round) {
    Product product{};
    product.m = static_cast<size_t>(samples.integer(1, 40));
    product.k = static_cast<size_t>(samples.integer(1, 200));
    product.n = static_cast<size_t>(samples.integer(1, 150));
    product.lhs = kByteTypes[samples.integer(0, 1)];
    product.rhs = kByteTypes[samples.integer(0, 1)];
    product.output = kOutputs[samples.integer(0, 3)];
    product.lhs_zero_points = kZeroPoints[samples.integer(0, 2)];
    product.rhs_zero_points = kZeroPoints[samples.integer(0, 2)];
    product.bias = samples.integer(0, 1) != 0;
    product.padding = static_cast<size_t>(samples.integer(0, 9));
    expect_exact(product, GetParam(), samples);
    if (HasFatalFailure()) return;
  }
}

TEST_P(GemmOnEveryKernel, AppliesRowScalesAndFloatBias) {
  Samples samples(35);
  Product product{9, 50, 70, OCTAVO_S8, OCTAVO_S8, OCTAVO_F32};
  for (int options = 0; options < 4; ++options) {
    product.row_scales = (options & 1) != 0;
    product.float_bias = (options & 2) != 0;
    expect_exact(product, GetParam(), samples);
  }
}

TEST_P(GemmOnEveryKernel, CopiesTheLeftHandSideInSeveralBlocks) {
  Samples samples(36);
  Product product{100, second_level_cache() / 64, 5, OCTAVO_S8, OCTAVO_U8, OCTAVO_S32};
  product.lhs_zero_points = ZeroPoints::each;
  product.rhs_zero_points = ZeroPoints::each;
  expect_exact(product, GetParam(), samples);
}

// Of one row, of what is gathered at once and one more, and of a depth that needs no filling up.
TEST_P(GemmOnEveryKernel, CopiesRowsThatLieAcrossCacheLines) {
  Samples samples(43);
  for (bool gathered : {false, true}) {
    for (size_t k : {1, 63, 64, 130, 192}) {
      for (size_t m : {1, 17, 40}) {
        Product product{m, k, 300};
        product.gathered = gathered;
        product.rhs_zero_points = ZeroPoints::each;
        for (octavo_type lhs : kByteTypes) {
          product.lhs = lhs;
          expect_exact(product, GetParam(), samples);
        }
      }
    }
  }
}

TEST_P(GemmOnEveryKernel, WrapsAroundInProductsOfManyRows) {
  Samples samples(39);
  Product product{9, 70000, 8, OCTAVO_U8, OCTAVO_S8, OCTAVO_S32};
  for (Fill fill : {Fill::highest, Fill::random}) {
    product.fill = fill;
    expect_exact(product, GetParam(), samples);
  }
}

TEST_P(GemmOnEveryKernel, IsExactOnRowsAPageApart) {
  Samples samples(40);
  for (size_t n : {33, 260}) {
    Product product{21, 4096, n};
    product.padding = 0;
    expect_exact(product, GetParam(), samples);
  }
}

TEST_P(GemmOnEveryKernel, IsExactOnSeveralThreads) {
  Samples samples(41);
  const ThreadLimit limit(3);
  for (octavo_type output : kOutputs) {
    Product product{200, 130, 150, OCTAVO_S8, OCTAVO_U8, output};
    product.lhs_zero_points = ZeroPoints::each;
    product.rhs_zero_points = ZeroPoints::each;
    product.row_scales = product.float_bias = output == OCTAVO_F32;
    expect_exact(product, GetParam(), samples);
    product.m = 3;
    product.n = 1000;
    expect_exact(product, GetParam(), samples);
    product.m = 3000;
    product.n = 5;
    expect_exact(product, GetParam(), samples);
  }
}

TEST_P(GemmOnEveryKernel, GivesTheBiasWhereThereIsNothingToSum) {
  Samples samples(37);
  for (octavo_type output : kOutputs) {
    expect_exact({3, 0, 5, OCTAVO_U8, OCTAVO_S8, output}, GetParam(), samples);
    expect_exact({9, 0, 5, OCTAVO_U8, OCTAVO_S8, output}, GetParam(), samples);
  }
}

TEST_P(GemmOnEveryKernel, DoesNothingForNoRowsOrNoColumns) {
  Samples samples(38);
  expect_exact({0, 5, 5}, GetParam(), samples);
  expect_exact({5, 5, 0}, GetParam(), samples);
}

std::vector<Microkernel> table() { return {microkernels().begin(), microkernels().end()}; }

INSTANTIATE_TEST_SUITE_P(Table, GemmOnEveryKernel, testing::ValuesIn(table()),
                         [](const auto& info) { return std::string(info.param.name); });

}  // namespace
}  // namespace octavo
