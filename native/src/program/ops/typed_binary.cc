// Comparisons, and arithmetic of integers and truth values, broadcast as ONNX does, an op for each
// line of elementwise/typed_binary_ops.inc. Operands: a, b, output. Words: element type (0 to 3 as
// in elementwise/element.h), rank of a (at most 8), its sizes, rank of b, its sizes.
#include "elementwise/typed_binary.h"

#include "program/broadcast_reader.h"
#include "program/element_reader.h"

namespace octavo {
namespace {

class TypedBinaryOperation final : public Op {
 public:
  TypedBinaryOperation(OpReader& reader, TypedBinaryOp op) {
    const Element element = read_element(reader);
    kernel_ = typed_binary(op, element);
    reader.expect(kernel_.run != nullptr, "element type", "a type that the op takes");
    const BroadcastShapes shapes = read_broadcast(reader);
    shape_ = shapes.shape;
    const size_t bytes = element_bytes(element);
    a_ = reader.input("a", shapes.a.times(bytes), bytes);
    b_ = reader.input("b", shapes.b.times(bytes), bytes);
    output_ = reader.output("output", shapes.out.times(kernel_.result_bytes), kernel_.result_bytes);
    reader.expect_disjoint(a_, output_);
    reader.expect_disjoint(b_, output_);
  }

  void run(const Frame& frame) const override {
    kernel_.run(a_.in(frame), b_.in(frame), output_.in(frame), shape_);
  }

 private:
  TypedBinary kernel_;
  Broadcast shape_;
  Operand a_, b_, output_;
};

}  // namespace

#define OCTAVO_TYPED_BINARY(name, types, value)                                    \
  std::unique_ptr<const Op> make_typed_##name(OpReader& reader) {                  \
    return std::make_unique<TypedBinaryOperation>(reader, TypedBinaryOp::name);    \
  }
#include "elementwise/typed_binary_ops.inc"
#undef OCTAVO_TYPED_BINARY

}  // namespace octavo
