// Float functions of two elements, broadcast as ONNX does, an op for each line of
// elementwise/binary_ops.inc. Operands: a, b, output, which may be an operand of the result's
// shape. Words: rank of a (at most 8), its sizes, rank of b, its sizes.
#include "elementwise/binary.h"

#include "program/broadcast_reader.h"

namespace octavo {
namespace {

class Binary final : public Op {
 public:
  Binary(OpReader& reader, BinaryOp op) : op_(op) {
    const BroadcastShapes shapes = read_broadcast(reader);
    shape_ = shapes.shape;
    a_ = reader.input("a", shapes.a.times(sizeof(float)), sizeof(float));
    b_ = reader.input("b", shapes.b.times(sizeof(float)), sizeof(float));
    output_ = reader.output("output", shapes.out.times(sizeof(float)), sizeof(float));
    reader.expect_elementwise(a_, output_);
    reader.expect_elementwise(b_, output_);
  }

  void run(const Frame& frame) const override {
    binary(op_, a_.in<const float>(frame), b_.in<const float>(frame), output_.in<float>(frame),
           shape_);
  }

 private:
  BinaryOp op_;
  Broadcast shape_;
  Operand a_, b_, output_;
};

}  // namespace

#define OCTAVO_BINARY(name, value)                                 \
  std::unique_ptr<const Op> make_binary_##name(OpReader& reader) { \
    return std::make_unique<Binary>(reader, BinaryOp::name);       \
  }
#include "elementwise/binary_ops.inc"
#undef OCTAVO_BINARY

}  // namespace octavo
