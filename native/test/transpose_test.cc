#include "conv/transpose.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <vector>

#include "samples.h"

namespace octavo {
namespace {

template <typename T>
void check(size_t rows, size_t columns, size_t gap, test::Samples& samples) {
  const size_t in_stride = columns + 2, out_stride = rows + gap;
  std::vector<T> in(rows * in_stride), out(columns * out_stride, T{9});
  for (T& value : in) value = static_cast<T>(samples.integer(0, 255));
  transpose(in.data(), rows, columns, in_stride, out.data(), out_stride, sizeof(T));
  for (size_t c = 0; c < columns; ++c) {
    for (size_t r = 0; r < out_stride; ++r) {
      const T expected = r < rows ? in[r * in_stride + c] : T{9};
      ASSERT_EQ(out[c * out_stride + r], expected) << rows << "x" << columns;
    }
  }
}

TEST(Transpose, MovesEveryElementAndNothingElse) {
  test::Samples samples(41);
  for (size_t rows : {0, 1, 2, 3, 4, 7, 8, 9, 15, 16, 17, 23, 64, 79, 127, 131, 200}) {
    for (size_t columns : {0, 1, 7, 8, 9, 15, 16, 17, 23, 64, 79, 127, 131, 200, 1100}) {
      for (size_t gap : {0, 3}) {
        check<uint8_t>(rows, columns, gap, samples);
        check<uint32_t>(rows, columns, gap, samples);
      }
    }
  }
}

}  // namespace
}  // namespace octavo
