// Moves elements between two strided arrays: transposition, slices, concatenation, repetition.
// Operands: input, output. Words: bytes of an element (1, 2, 4 or 8), first elements of input and
// output, rank (at most 8), then for each dimension its size and the strides of input and output,
// in elements; a stride may be negative.
#include "movement/strided_copy.h"
#include "program/op_reader.h"

namespace octavo {
namespace {

// How far a strided array reaches before and after its first element. Several dimensions of the
// largest sizes and strides together pass 64 bits, so every step is checked.
class Extent {
 public:
  explicit Extent(size_t first) : first_(first), back_(0), forward_(first) {}
  void reach(size_t size, ptrdiff_t stride) {
    const size_t step = static_cast<size_t>(stride < 0 ? -stride : stride);
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
    first_in_ = element_ * reader.size("first element of the input");
    first_out_ = element_ * reader.size("first element of the output");
    read_dimensions(reader);
    reader.expect_disjoint(input_, output_);
  }

  void run(const Frame& frame) const override {
    if (empty_) return;
    copy_strided(copy_, input_.in(frame) + first_in_, output_.in(frame) + first_out_, element_);
  }

 private:
  void read_dimensions(OpReader& reader) {
    const size_t rank = reader.index("rank", kMaxCopyRank);
    size_t shape[kMaxCopyRank];
    ptrdiff_t in_strides[kMaxCopyRank], out_strides[kMaxCopyRank];
    Extent in(first_in_ / element_), out(first_out_ / element_);
    CheckedSize count(1);
    for (size_t i = 0; i < rank; ++i) {
      shape[i] = reader.size("size");
      in_strides[i] = reader.word("stride of the input");
      out_strides[i] = reader.word("stride of the output");
      count = count.times(shape[i]);
      empty_ = empty_ || shape[i] == 0;
      if (empty_) continue;
      in.reach(shape[i], in_strides[i]);
      out.reach(shape[i], out_strides[i]);
    }
    reader.expect(empty_ || (in.valid() && out.valid()), "strides", "elements within the arrays");
    reader.expect(empty_ || count.value() <= out.elements().value(), "strides of the output",
                  "elements that do not lie over one another");
    const CheckedSize none(0);
    input_ = reader.input("input", empty_ ? none : in.elements().times(element_), element_);
    output_ = reader.output("output", empty_ ? none : out.elements().times(element_), element_);
    if (!empty_) copy_ = *plan_copy({shape, rank}, {in_strides, rank}, {out_strides, rank});
  }

  size_t element_ = 1;
  size_t first_in_ = 0, first_out_ = 0;  // in bytes
  bool empty_ = false;
  StridedCopy copy_;
  Operand input_, output_;
};

}  // namespace

std::unique_ptr<const Op> make_copy(OpReader& reader) { return std::make_unique<Copy>(reader); }

}  // namespace octavo
