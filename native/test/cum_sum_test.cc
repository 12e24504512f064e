#include "op_program.h"

namespace octavo {
namespace {

using test::expect_checked;
using test::OpProgram;
using test::Samples;

// Sums as the words say them, element by element.
template <typename T, typename Sum>
std::vector<T> sums(const std::vector<T>& in, size_t size, size_t inner, bool exclusive,
                    bool reverse) {
  std::vector<T> out(in.size());
  for (size_t at = 0; at < in.size(); ++at) {
    const size_t position = at / inner % size, begin = at - position * inner;
    Sum sum{0};
    const auto add = [&](size_t i) { sum += static_cast<Sum>(in[begin + i * inner]); };
    if (reverse) {
      for (size_t i = size; i-- > position + (exclusive ? 1 : 0);) add(i);
    } else {
      for (size_t i = 0; i < position + (exclusive ? 0 : 1); ++i) add(i);
    }
    out[at] = static_cast<T>(sum);
  }
  return out;
}

template <typename T, typename Sum>
void expect_sums(size_t element, T low, T high) {
  Samples samples(11);
  const size_t shapes[][3] = {{1, 1, 1},  {2, 3, 1},   {3, 70, 2},   {1, 5, 255}, {1, 5, 256},
                              {2, 4, 257}, {5, 0, 3}, {1, 3000, 7}, {0, 4, 4},   {300, 60, 1}};
  for (const auto& [outer, size, inner] : shapes) {
    for (size_t way = 0; way < 4; ++way) {
      std::vector<T> in(outer * size * inner);
      for (T& x : in) {
        const double part = samples.integer(0, 1 << 20) / static_cast<double>(1 << 20);
        const double from = static_cast<double>(low), to = static_cast<double>(high);
        x = static_cast<T>(from * (1 - part) + to * part);
      }
      OpProgram op("cum_sum");
      op.words({element, outer, size, inner, way & 1, way >> 1}).input(in);
      op.output(std::vector<T>(in.size()));
      const auto expected = sums<T, Sum>(in, size, inner, (way & 1) != 0, way >> 1 != 0);
      EXPECT_EQ(op.run<T>(), expected) << outer << " " << size << " " << inner << ", " << way;
    }
  }
}

TEST(CumSum, AddsFloatsInDoublePrecision) { expect_sums<float, double>(2, -1.0f, 1.5f); }

TEST(CumSum, WrapsIntegers) {
  expect_sums<int32_t, uint32_t>(0, INT32_MIN, INT32_MAX);
  expect_sums<int64_t, uint64_t>(1, -(int64_t{1} << 62), int64_t{1} << 62);
}

TEST(CumSum, ChecksItsParameters) {
  OpProgram op("cum_sum");
  op.words({2, 2, 3, 4, 1, 0}).input(std::vector<float>(24)).output(std::vector<float>(24));
  expect_checked(op, 2, 12);
  OpProgram bytes("cum_sum");
  bytes.words({3, 1, 1, 1, 0, 0}).input(std::vector<uint8_t>(1)).output(std::vector<uint8_t>(1));
  EXPECT_THROW(bytes.run<uint8_t>(), InvalidArgument);
}

}  // namespace
}  // namespace octavo
