// Running sums along one axis. Operands: input ([outer][size][inner]), output (as the input).
// Words: element type (0 to 2 as in elementwise/element.h), outer, size, inner, whether a sum
// leaves its own element out, whether sums begin at the end. Floats are summed in double precision,
// in order; integers wrap.
#include <algorithm>

#include "program/element_reader.h"
#include "threading/parallel_ranges.h"

namespace octavo {
namespace {

// Columns that are summed together, in the first-level cache.
constexpr size_t kColumns = 256;

// What elements are summed in.
template <typename T>
struct SumOf {
  using Type = double;
};
template <>
struct SumOf<int32_t> {
  using Type = uint32_t;
};
template <>
struct SumOf<int64_t> {
  using Type = uint64_t;
};

class CumSum final : public Op {
 public:
  explicit CumSum(OpReader& reader) : element_(read_element(reader)) {
    reader.expect(element_ != Element::u8, "element type", "a type that the op takes");
    outer_ = reader.size("outer");
    size_ = reader.size("size");
    inner_ = reader.size("inner");
    is_exclusive_ = reader.index("exclusive", 1) != 0;
    is_reverse_ = reader.index("reverse", 1) != 0;
    const size_t bytes = element_bytes(element_);
    const CheckedSize all = CheckedSize(outer_).times(size_).times(inner_).times(bytes);
    input_ = reader.input("input", all, bytes);
    output_ = reader.output("output", all, bytes);
    reader.expect_disjoint(input_, output_);
  }

  void run(const Frame& frame) const override {
    switch (element_) {
      case Element::s32:
        return run_as<int32_t>(frame);
      case Element::s64:
        return run_as<int64_t>(frame);
      default:
        return run_as<float>(frame);
    }
  }

 private:
  template <typename T>
  void run_as(const Frame& frame) const {
    if (size_ == 0 || inner_ == 0) return;
    const T* in = input_.in<const T>(frame);
    T* out = output_.in<T>(frame);
    const size_t pieces = div_up(inner_, kColumns);
    const size_t per_task = div_up(kElementsPerTask, size_ * min_size(inner_, kColumns));
    parallel_ranges(outer_ * pieces, per_task, [&](size_t first, size_t count) {
      for (size_t piece = first; piece < first + count; ++piece) {
        const size_t column = piece % pieces * kColumns;
        const size_t begin = piece / pieces * size_ * inner_ + column;
        sum_columns(in + begin, out + begin, min_size(kColumns, inner_ - column));
      }
    });
  }

  template <typename T>
  void sum_columns(const T* in, T* out, size_t columns) const {
    using Sum = typename SumOf<T>::Type;
    Sum sums[kColumns];
    std::fill_n(sums, columns, Sum{0});
    for (size_t i = 0; i < size_; ++i) {
      const size_t row = (is_reverse_ ? size_ - 1 - i : i) * inner_;
      for (size_t c = 0; c < columns; ++c) {
        const Sum before = sums[c];
        sums[c] = before + static_cast<Sum>(in[row + c]);
        out[row + c] = static_cast<T>(is_exclusive_ ? before : sums[c]);
      }
    }
  }

  Element element_;
  size_t outer_ = 0, size_ = 0, inner_ = 0;
  bool is_exclusive_ = false, is_reverse_ = false;
  Operand input_, output_;
};

}  // namespace

std::unique_ptr<const Op> make_cum_sum(OpReader& reader) {
  return std::make_unique<CumSum>(reader);
}

}  // namespace octavo
