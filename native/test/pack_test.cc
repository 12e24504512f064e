#include <gtest/gtest.h>

#include <cstdint>
#include <vector>

#include "gemm/select.h"
#include "pack/pack_rhs.h"
#include "samples.h"

namespace octavo {
namespace {

octavo_weights row_major(const std::vector<uint8_t>& data, octavo_type type, size_t k, size_t n) {
  octavo_weights weights{};
  weights.data = data.data();
  weights.type = type;
  weights.k = k;
  weights.n = n;
  weights.k_stride = n;
  weights.n_stride = 1;
  return weights;
}

int8_t packed_at(const PackedRhs& packed, size_t k, size_t n) {
  const PackedLayout& layout = packed.layout;
  const size_t first = n / layout.nr * layout.nr;
  const size_t columns = std::min<size_t>(layout.nr, layout.padded_n(packed.n) - first);
  return packed.panel(first)[(k / layout.kr * columns + n - first) * layout.kr + k % layout.kr];
}

TEST(PackRhs, PutsEveryWeightWhereTheLayoutSaysAndSumsColumns) {
  test::Samples samples(1);
  for (const Microkernel& kernel : microkernels()) {
    for (size_t n : {1, 15, 16, 17, 63, 64, 65, 130}) {
      for (size_t k : {1, 2, 3, 4, 5, 33}) {
        const std::vector<uint8_t> data = samples.bytes(k * n, OCTAVO_S8);
        const PackedRhs packed = pack_rhs(row_major(data, OCTAVO_S8, k, n), kernel.layout);
        for (size_t j = 0; j < n; ++j) {
          int32_t sum = 0;
          for (size_t i = 0; i < k; ++i) {
            const int8_t weight = static_cast<int8_t>(data[i * n + j]);
            ASSERT_EQ(packed_at(packed, i, j), weight) << kernel.name << " " << i << "," << j;
            sum += weight;
          }
          ASSERT_EQ(packed.column_sums.data()[j], sum);
        }
      }
    }
  }
}

TEST(PackRhs, PadsDepthAndColumnsWithZeros) {
  test::Samples samples(2);
  for (const Microkernel& kernel : microkernels()) {
    const std::vector<uint8_t> data = samples.bytes(5 * 67, OCTAVO_U8, test::Fill::lowest);
    const PackedRhs packed = pack_rhs(row_major(data, OCTAVO_U8, 5, 67), kernel.layout);
    for (size_t j = 0; j < kernel.layout.padded_n(67); ++j) {
      for (size_t i = 0; i < kernel.layout.padded_k(5); ++i) {
        const int8_t expected = i < 5 && j < 67 ? -128 : 0;
        ASSERT_EQ(packed_at(packed, i, j), expected);
      }
    }
  }
}

void check_transposed(const Microkernel& kernel, const std::vector<uint8_t>& data, octavo_type type,
                      size_t k, size_t n) {
  octavo_weights weights = row_major(data, type, k, n);
  weights.k_stride = 1;
  weights.n_stride = k;
  const PackedRhs packed = pack_rhs(weights, kernel.layout);
  for (size_t j = 0; j < n; ++j) {
    int32_t sum = 0;
    for (size_t i = 0; i < k; ++i) {
      const int8_t weight = static_cast<int8_t>(data[j * k + i] ^ (type == OCTAVO_U8 ? 0x80 : 0));
      ASSERT_EQ(packed_at(packed, i, j), weight) << kernel.name << " " << i << "," << j;
      sum += weight;
    }
    ASSERT_EQ(packed.column_sums.data()[j], sum) << kernel.name;
  }
}

TEST(PackRhs, ReadsATransposedMatrixThroughItsStrides) {
  test::Samples samples(3);
  for (const Microkernel& kernel : microkernels()) {
    for (size_t k : {6, 8, 15, 16, 19, 511, 512, 515, 520, 1025}) {
      for (size_t n : {3, 20, 70}) {
        for (octavo_type type : {OCTAVO_S8, OCTAVO_U8}) {
          for (const test::Fill fill : test::kFills) {
            check_transposed(kernel, samples.bytes(k * n, type, fill), type, k, n);
          }
        }
      }
    }
  }
}

TEST(PackRhs, DropsZeroPointsThatNeedNoRowSums) {
  test::Samples samples(4);
  const PackedLayout& layout = select_microkernel().layout;
  const std::vector<uint8_t> data = samples.bytes(4 * 3, OCTAVO_U8);
  const int32_t middle = 128;
  const std::vector<int32_t> zeros(3, 0), mixed = {128, 7, 128};

  octavo_weights weights = row_major(data, OCTAVO_S8, 4, 3);
  EXPECT_FALSE(pack_rhs(weights, layout).has_zero_points());
  weights.zero_points = zeros.data();
  weights.zero_point_count = 3;
  EXPECT_FALSE(pack_rhs(weights, layout).has_zero_points());

  weights.type = OCTAVO_U8;
  EXPECT_TRUE(pack_rhs(weights, layout).has_zero_points());
  weights.zero_points = &middle;
  weights.zero_point_count = 1;
  EXPECT_FALSE(pack_rhs(weights, layout).has_zero_points());
  weights.zero_points = mixed.data();
  weights.zero_point_count = 3;
  const PackedRhs packed = pack_rhs(weights, layout);
  ASSERT_TRUE(packed.has_zero_points());
  EXPECT_EQ(packed.zero_points.data()[1], 7 - 128);
}

}  // namespace
}  // namespace octavo
