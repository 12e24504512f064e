#include "movement/strided_copy.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <numeric>
#include <vector>

#include "samples.h"
#include "threading/parallel_for.h"

namespace octavo {
namespace {

using Sizes = std::vector<size_t>;
using Strides = std::vector<ptrdiff_t>;

Strides contiguous(const Sizes& shape) {
  Strides strides(shape.size());
  ptrdiff_t stride = 1;
  for (size_t i = shape.size(); i > 0; stride *= static_cast<ptrdiff_t>(shape[--i])) {
    strides[i - 1] = stride;
  }
  return strides;
}

size_t count_of(const Sizes& shape) {
  return std::accumulate(shape.begin(), shape.end(), size_t{1}, std::multiplies<size_t>());
}

ptrdiff_t offset_of(const Sizes& shape, const Strides& strides, size_t index) {
  ptrdiff_t offset = 0;
  for (size_t i = shape.size(); i > 0; --i) {
    offset += static_cast<ptrdiff_t>(index % shape[i - 1]) * strides[i - 1];
    index /= shape[i - 1];
  }
  return offset;
}

// Element by element, of every size; what is not written stays.
void expect_copied(const Sizes& shape, const Strides& in_strides, ptrdiff_t in_first,
                   size_t in_count, const Strides& out_strides, ptrdiff_t out_first,
                   size_t out_count, test::Samples& samples) {
  const auto copy = plan_copy(shape, in_strides, out_strides);
  ASSERT_TRUE(copy);
  for (ptrdiff_t bytes : {1, 2, 4, 8}) {
    const size_t size = static_cast<size_t>(bytes);
    const std::vector<uint8_t> in = samples.bytes(in_count * size, OCTAVO_U8);
    std::vector<uint8_t> out(out_count * size, 0xAB), expected = out;
    copy_strided(*copy, in.data() + in_first * bytes, out.data() + out_first * bytes, size);
    for (size_t i = 0; i < count_of(shape); ++i) {
      std::memcpy(&expected[(out_first + offset_of(shape, out_strides, i)) * bytes],
                  &in[(in_first + offset_of(shape, in_strides, i)) * bytes], size);
    }
    ASSERT_EQ(out, expected) << "elements of " << bytes << " bytes";
  }
}

TEST(StridedCopy, TransposesByEveryPermutation) {
  test::Samples samples(121);
  for (const Sizes& shape : {Sizes{3, 1, 17, 5}, Sizes{2, 9, 8, 33}, Sizes{1, 64, 40, 3}}) {
    Sizes permutation = {0, 1, 2, 3};
    const Strides strides = contiguous(shape);
    do {
      Sizes out_shape;
      Strides in_strides;
      for (size_t axis : permutation) {
        out_shape.push_back(shape[axis]);
        in_strides.push_back(strides[axis]);
      }
      const size_t count = count_of(shape);
      expect_copied(out_shape, in_strides, 0, count, contiguous(out_shape), 0, count, samples);
      const std::vector<uint8_t> in = samples.bytes(4 * count, OCTAVO_U8);
      std::vector<uint8_t> a(4 * count), b(4 * count);
      copy_strided(*plan_transpose(shape, permutation), in.data(), a.data(), 4);
      copy_strided(*plan_copy(out_shape, in_strides, contiguous(out_shape)), in.data(), b.data(),
                   4);
      ASSERT_EQ(a, b);
    } while (std::next_permutation(permutation.begin(), permutation.end()));
  }
}

TEST(StridedCopy, SlicesForwardsAndBackwards) {
  test::Samples samples(122);
  expect_copied({3, 4, 5}, {40, -10, 2}, 30, 130, {20, 5, 1}, 0, 60, samples);
  expect_copied({7}, {-3}, 20, 21, {1}, 0, 7, samples);
}

TEST(StridedCopy, WritesPartsOfATensor) {
  test::Samples samples(123);
  expect_copied({4, 6}, {6, 1}, 0, 24, {20, 1}, 9, 80, samples);
  expect_copied({4, 6}, {1, 4}, 0, 24, {20, 1}, 9, 80, samples);
  expect_copied({5, 3}, {3, 1}, 0, 15, {1, 9}, 2, 40, samples);
}

TEST(StridedCopy, RepeatsWhereAnInputStrideIsZero) {
  test::Samples samples(124);
  expect_copied({6, 5, 4}, {0, 1, 0}, 0, 5, {20, 4, 1}, 0, 120, samples);
  expect_copied({3, 7}, {0, 1}, 0, 7, {7, 1}, 0, 21, samples);
  // An image made twice and thrice as large.
  expect_copied({4, 5, 2, 11, 3}, {55, 11, 0, 1, 0}, 0, 220, {330, 66, 33, 3, 1}, 0, 1320, samples);
}

TEST(StridedCopy, TakesScalarsAndNothing) {
  test::Samples samples(125);
  expect_copied({}, {}, 0, 1, {}, 0, 1, samples);
  expect_copied({3, 0, 2}, {1, 1, 1}, 0, 1, {1, 1, 1}, 0, 1, samples);
}

TEST(StridedCopy, IsExactAcrossTasks) {
  test::Samples samples(126);
  expect_copied({300, 70}, {1, 300}, 0, 21000, {70, 1}, 0, 21000, samples);
  expect_copied({40000}, {1}, 0, 40000, {1}, 0, 40000, samples);
}

TEST(StridedCopy, IsExactWhereThreadsShareShortLines) {
  test::Samples samples(127);
  const ThreadLimit limit(3);
  expect_copied({3000, 40}, {50, 1}, 0, 150000, {40, 1}, 0, 120000, samples);
  expect_copied({20000, 3}, {3, -1}, 2, 60000, {3, 1}, 0, 60000, samples);
  expect_copied({2, 9000, 3, 2}, {54000, 6, -2, -1}, 5, 108000, {54000, 6, 2, 1}, 0, 108000,
                samples);
}

TEST(PlanCopy, MergesWhatBothSidesRunThroughTogether) {
  EXPECT_EQ(plan_transpose(Sizes{2, 3, 4, 5}, Sizes{0, 1, 2, 3})->rank, 1u);
  const auto nhwc = plan_transpose(Sizes{2, 3, 4, 5}, Sizes{0, 2, 3, 1});
  EXPECT_EQ(nhwc->rank, 3u);
}

TEST(PlanCopy, IsRefusedWhereTooManyDimensionsAreLeft) {
  const Sizes shape(9, 2);
  Strides in(9), out(9);
  for (size_t i = 0; i < 9; ++i) {
    in[i] = ptrdiff_t{1} << i;
    out[i] = ptrdiff_t{256} >> i;
  }
  EXPECT_FALSE(plan_copy(shape, in, out));
}

TEST(GatherRows, CopiesTheRowsOfItsIndices) {
  const uint16_t rows[] = {1, 2, 3, 4, 5, 6};
  const size_t indices[] = {2, 0, 2};
  uint16_t out[6];
  gather_rows(rows, indices, 4, out);
  EXPECT_EQ(std::vector<uint16_t>(out, out + 6), (std::vector<uint16_t>{5, 6, 1, 2, 5, 6}));
}

}  // namespace
}  // namespace octavo
