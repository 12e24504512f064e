// Integers and truth values as elements of another type. Operands: input, output. Words: element
// type of the input, of the output (0 to 3 as in elementwise/element.h), elements.
#include "elementwise/cast.h"

#include "program/element_reader.h"

namespace octavo {
namespace {

class Cast final : public Op {
 public:
  explicit Cast(OpReader& reader) {
    const Element from = read_element(reader), to = read_element(reader);
    run_ = cast(from, to);
    reader.expect(run_ != nullptr, "element types", "types between which there is a cast");
    count_ = reader.size("elements");
    input_ = reader.input("input", bytes_of(from), element_bytes(from));
    output_ = reader.output("output", bytes_of(to), element_bytes(to));
    reader.expect_disjoint(input_, output_);
  }

  void run(const Frame& frame) const override { run_(input_.in(frame), output_.in(frame), count_); }

 private:
  CheckedSize bytes_of(Element element) const {
    return CheckedSize(count_).times(element_bytes(element));
  }

  CastFn run_;
  size_t count_;
  Operand input_, output_;
};

}  // namespace

std::unique_ptr<const Op> make_cast(OpReader& reader) { return std::make_unique<Cast>(reader); }

}  // namespace octavo
