#include <cmath>
#include <limits>
#include <numeric>

#include "one_op_program.h"
#include "op_program.h"

namespace octavo {
namespace {

using test::expect_checked;
using test::OneOpProgram;
using test::OpProgram;
using test::Samples;

template <typename T>
void expect_top(size_t element, const std::vector<T>& in, size_t outer, size_t size, size_t inner,
                size_t k) {
  for (const bool largest : {false, true}) {
    OneOpProgram op("top_k");
    op.input(in);
    op.output<T>(outer * k * inner);
    op.output<int64_t>(outer * k * inner);
    op.words({element, outer, size, inner, k, largest ? size_t{1} : size_t{0}});
    op.run();
    const std::vector<T> values = op.result<T>(0);
    const std::vector<int64_t> indices = op.result<int64_t>(1);
    for (size_t line = 0; line < outer * inner; ++line) {
      const size_t begin = line / inner * size * inner + line % inner;
      std::vector<size_t> order(size);
      std::iota(order.begin(), order.end(), size_t{0});
      std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) {
        const T x = in[begin + a * inner], y = in[begin + b * inner];
        return largest ? x > y : x < y;
      });
      for (size_t i = 0; i < k; ++i) {
        const size_t at = (line / inner * k + i) * inner + line % inner;
        ASSERT_EQ(indices[at], static_cast<int64_t>(order[i])) << size << " " << k << " " << line;
        ASSERT_EQ(values[at], in[begin + order[i] * inner]) << size << " " << k << " " << line;
      }
    }
  }
}

template <typename T>
void expect_tops(size_t element, int32_t low, int32_t high, T unit) {
  Samples samples(13);
  // The last two are several tasks.
  const size_t shapes[][3] = {{1, 1, 1},   {3, 2, 1},     {2, 65, 3},  {1, 700, 1},
                              {4, 200, 5}, {300, 100, 1}, {7, 120, 40}};
  for (const auto& [outer, size, inner] : shapes) {
    std::vector<T> in(outer * size * inner);
    for (T& x : in) x = static_cast<T>(static_cast<T>(samples.integer(low, high)) * unit);
    for (const size_t k : {size_t{0}, size_t{1}, size / 9, size / 2, size}) {
      expect_top(element, in, outer, size, inner, k);
    }
  }
}

TEST(TopK, TakesElementsOfEachType) {
  // Many are equal: their indices decide.
  expect_tops<uint8_t>(3, 0, 255, 1);
  expect_tops<int32_t>(0, -50, 50, 1 << 25);
  expect_tops<int64_t>(1, -50, 50, int64_t{1} << 57);
  expect_tops<float>(2, -40, 40, 1e-38f);
  expect_tops<float>(2, INT32_MIN, INT32_MAX, 1e29f);
}

TEST(TopK, FindsTheFewLargestOfManyThatGrow) {
  // Each element displaces another.
  std::vector<float> rising(5000);
  std::iota(rising.begin(), rising.end(), -2500.0f);
  for (const size_t k : {size_t{1}, size_t{7}, size_t{2500}}) expect_top(2, rising, 1, 5000, 1, k);
}

TEST(TopK, KeepsFewInOrderAndSortsMore) {
  Samples samples(15);
  for (const size_t inner : {size_t{1}, size_t{3}}) {
    std::vector<float> in(40 * 90 * inner);
    for (float& x : in) x = static_cast<float>(samples.integer(-20, 20)) * 0.5f;
    for (const size_t k : {size_t{2}, size_t{16}, size_t{17}, size_t{32}, size_t{33}}) {
      expect_top(2, in, 40, 90, inner, k);
    }
  }
}

TEST(TopK, OrdersMoreThanThreadsKeepMemoryFor) {
  Samples samples(14);
  constexpr size_t kSize = 70'000;
  std::vector<int64_t> in(2 * kSize);
  for (int64_t& x : in) x = samples.integer(-30'000, 30'000);
  for (const size_t k : {kSize - 1, kSize}) expect_top(1, in, 2, kSize, 1, k);
}

TEST(TopK, FindsWhatIsNoNumberBehindMany) {
  std::vector<float> in(200, 1.0f);
  in[150] = std::numeric_limits<float>::quiet_NaN();
  in[170] = 2.0f;
  OpProgram op("top_k");
  op.words({2, 1, 200, 1, 3, 1}).input(in).absent().output(std::vector<int64_t>(3));
  EXPECT_EQ(op.run<int64_t>(), (std::vector<int64_t>{150, 170, 0}));
  // Also where it alone is wanted, or a number is and it comes last.
  for (const bool largest : {false, true}) {
    OpProgram one("top_k");
    one.words({2, 1, 200, 1, 1, largest ? size_t{1} : size_t{0}}).input(in).absent();
    one.output(std::vector<int64_t>(1));
    EXPECT_EQ(one.run<int64_t>(), (std::vector<int64_t>{largest ? 150 : 0}));
  }
}

TEST(TopK, TakesZerosForEqualAndWhatIsNoNumberForTheLargest) {
  const float nan = std::numeric_limits<float>::quiet_NaN(), inf = INFINITY;
  const std::vector<float> in{-0.0f, nan, 0.0f, inf, -inf, -nan};
  for (const bool largest : {false, true}) {
    OpProgram op("top_k");
    op.words({2, 1, 6, 1, 6, largest ? size_t{1} : size_t{0}}).input(in).absent();
    op.output(std::vector<int64_t>(6));
    const std::vector<int64_t> falling{1, 5, 3, 0, 2, 4}, rising{4, 0, 2, 3, 1, 5};
    EXPECT_EQ(op.run<int64_t>(), largest ? falling : rising);
  }
}

TEST(TopK, ChecksItsParameters) {
  OpProgram op("top_k");
  op.words({2, 2, 5, 3, 2, 1}).input(std::vector<float>(30)).absent();
  op.output(std::vector<int64_t>(12));
  OpProgram more = op;
  more.raw_words()[4] = 6;
  EXPECT_THROW(more.run<int64_t>(), InvalidArgument);
  OpProgram values("top_k");
  values.words({2, 2, 5, 3, 2, 1}).input(std::vector<float>(30)).output(std::vector<float>(12));
  expect_checked(values.absent(), 2, 14);
}

}  // namespace
}  // namespace octavo
