#include "op_program.h"

namespace octavo {
namespace {

using test::expect_checked;
using test::OpProgram;
using test::Samples;

template <typename T>
std::vector<T> values(size_t count, Samples& samples) {
  std::vector<T> result(count);
  for (T& x : result) x = static_cast<T>(samples.integer(0, 200));
  return result;
}

// Truth values other than 0 and 1 hold too.
std::vector<uint8_t> truths(size_t count, Samples& samples) {
  std::vector<uint8_t> result(count);
  for (uint8_t& x : result) x = static_cast<uint8_t>(samples.integer(0, 2));
  return result;
}

template <typename T>
void expect_choice() {
  Samples samples(7);
  for (const size_t count : {size_t{0}, size_t{1}, size_t{5}, size_t{67}, size_t{40000}}) {
    for (size_t singles = 0; singles < 8; ++singles) {
      const size_t sizes[] = {singles & 1 ? 1 : count, singles & 2 ? 1 : count,
                              singles & 4 ? 1 : count};
      const std::vector<uint8_t> condition = truths(sizes[0], samples);
      const std::vector<T> x = values<T>(sizes[1], samples), y = values<T>(sizes[2], samples);
      OpProgram op("where");
      op.words({sizeof(T), count, singles & 1, (singles >> 1) & 1, (singles >> 2) & 1});
      op.input(condition).input(x).input(y).output(std::vector<T>(count));
      const auto found = op.run<T>();
      for (size_t i = 0; i < count; ++i) {
        const bool holds = condition[singles & 1 ? 0 : i] != 0;
        const T expected = holds ? x[singles & 2 ? 0 : i] : y[singles & 4 ? 0 : i];
        ASSERT_EQ(found[i], expected) << "element " << i << " of " << count << ", " << singles;
      }
    }
  }
}

TEST(Where, TakesElementsOfAnySize) {
  expect_choice<uint8_t>();
  expect_choice<uint16_t>();
  expect_choice<uint32_t>();
  expect_choice<uint64_t>();
}

TEST(Where, ChecksItsParameters) {
  Samples samples(8);
  OpProgram op("where");
  op.words({4, 6, 0, 1, 0});
  op.input(truths(6, samples)).input(values<uint32_t>(1, samples));
  op.input(values<uint32_t>(6, samples)).output(std::vector<uint32_t>(6));
  expect_checked(op, 4, 5);
  OpProgram odd("where");
  odd.words({3, 1, 1, 1, 1});
  odd.input(std::vector<uint8_t>(1)).input(std::vector<uint8_t>(3)).input(std::vector<uint8_t>(3));
  odd.output(std::vector<uint8_t>(3));
  EXPECT_THROW(odd.run<uint8_t>(), InvalidArgument);
}

}  // namespace
}  // namespace octavo
