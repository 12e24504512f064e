// Moves elements between two strided arrays: transposition, slices, concatenation, repetition.
// Operands: input, output. Words: bytes of an element (1, 2, 4 or 8), first elements of input and
// output, rank (at most 8), then for each dimension its size and the strides of input and output,
// in elements; a stride may be negative.
#include <cstring>

#include "program/op_reader.h"
#include "threading/parallel_for.h"

namespace octavo {
namespace {

constexpr size_t kMaxRank = 8;
constexpr size_t kElementsPerTask = 32 * 1024;

struct Dimension {
  size_t size;
  ptrdiff_t in_stride;
  ptrdiff_t out_stride;
};

// How far a strided array reaches before and after its first element. Several dimensions of the
// largest sizes and strides together pass 64 bits, so every step is checked.
class Extent {
 public:
  explicit Extent(size_t first) : first_(first), back_(0), forward_(first) {}
  void reach(size_t size, int32_t stride) {
    const int64_t wide = stride;
    const size_t step = static_cast<size_t>(wide < 0 ? -wide : wide);
    CheckedSize& side = stride < 0 ? back_ : forward_;
    side = side.plus(CheckedSize(size - 1).times(step).value());
  }
  // From the start of the array to the furthest element.
  CheckedSize elements() const { return forward_.plus(1); }
  bool valid() const { return back_.fits() && back_.value() <= first_ && elements().fits(); }

 private:
  size_t first_;
  CheckedSize back_;
  CheckedSize forward_;
};

class Copy final : public Op {
 public:
  explicit Copy(OpReader& reader) {
    element_ = reader.index("bytes of an element", 8);
    reader.expect(element_ == 1 || element_ == 2 || element_ == 4 || element_ == 8,
                  "bytes of an element", "1, 2, 4 or 8");
    first_in_ = reader.size("first element of the input");
    first_out_ = reader.size("first element of the output");
    rank_ = reader.index("rank", kMaxRank);
    Extent in(first_in_), out(first_out_);
    bool empty = false;
    CheckedSize count(1);
    for (size_t i = 0; i < rank_; ++i) {
      Dimension& dimension = dimensions_[i];
      dimension.size = reader.size("size");
      const int32_t in_stride = reader.word("stride of the input");
      const int32_t out_stride = reader.word("stride of the output");
      dimension.in_stride = in_stride;
      dimension.out_stride = out_stride;
      count = count.times(dimension.size);
      empty = empty || dimension.size == 0;
      if (empty) continue;
      in.reach(dimension.size, in_stride);
      out.reach(dimension.size, out_stride);
    }
    reader.expect(empty || (in.valid() && out.valid()), "strides", "elements within the arrays");
    reader.expect(empty || count.value() <= out.elements().value(), "strides of the output",
                  "elements that do not lie over one another");
    const CheckedSize none(0);
    input_ = reader.input("input", empty ? none : in.elements().times(element_), element_);
    output_ = reader.output("output", empty ? none : out.elements().times(element_), element_);
    reader.expect_disjoint(input_, output_);
    if (empty) rows_ = 0;
    for (size_t i = 0; i + 1 < rank_; ++i) rows_ *= dimensions_[i].size;
  }

  void run(const Frame& frame) const override {
    switch (element_) {
      case 1:
        return run_as<uint8_t>(frame);
      case 2:
        return run_as<uint16_t>(frame);
      case 4:
        return run_as<uint32_t>(frame);
      default:
        return run_as<uint64_t>(frame);
    }
  }

 private:
  template <typename T>
  void run_as(const Frame& frame) const {
    const T* in = input_.in<const T>(frame) + first_in_;
    T* out = output_.in<T>(frame) + first_out_;
    const Dimension last = rank_ == 0 ? Dimension{1, 1, 1} : dimensions_[rank_ - 1];
    const size_t rows_a_task = kElementsPerTask / (last.size + 1) + 1;
    parallel_for(div_up(rows_, rows_a_task), 0, [&](size_t task) {
      const size_t end = min_size(rows_, (task + 1) * rows_a_task);
      for (size_t row = task * rows_a_task; row < end; ++row) {
        const Offsets offsets = row_offsets(row);
        copy_row(in + offsets.in, out + offsets.out, last);
      }
    });
  }

  struct Offsets {
    ptrdiff_t in = 0, out = 0;
  };

  Offsets row_offsets(size_t row) const {
    Offsets offsets;
    for (size_t i = rank_; i-- > 1;) {
      const Dimension& dimension = dimensions_[i - 1];
      const ptrdiff_t position = static_cast<ptrdiff_t>(row % dimension.size);
      offsets.in += position * dimension.in_stride;
      offsets.out += position * dimension.out_stride;
      row /= dimension.size;
    }
    return offsets;
  }

  template <typename T>
  static void copy_row(const T* in, T* out, const Dimension& row) {
    if (row.in_stride == 1 && row.out_stride == 1) {
      std::memcpy(out, in, row.size * sizeof(T));
      return;
    }
    const ptrdiff_t size = static_cast<ptrdiff_t>(row.size);
    for (ptrdiff_t i = 0; i < size; ++i) out[i * row.out_stride] = in[i * row.in_stride];
  }

  size_t element_ = 1;
  size_t first_in_ = 0, first_out_ = 0;
  size_t rank_ = 0;
  size_t rows_ = 1;
  Dimension dimensions_[kMaxRank]{};
  Operand input_, output_;
};

}  // namespace

std::unique_ptr<const Op> make_copy(OpReader& reader) { return std::make_unique<Copy>(reader); }

}  // namespace octavo
