// Sums and products of quantized operands, broadcast, with the bits of QLinearAdd and QLinearMul.
// Operands: a, b, output, which may be an operand of the result's own shape. Words: function (0
// sum, 1 product), type of all three, scale and zero point of a, b and the result, shapes of a and
// b.
#include "quantize/quantized_binary.h"

#include "program/broadcast_reader.h"
#include "program/quantization_reader.h"

namespace octavo {
namespace {

class QuantizedBinary final : public Op {
 public:
  explicit QuantizedBinary(OpReader& reader) {
    is_product_ = reader.index("function", 1) == 1;
    args_.type = reader.byte_type("type");
    args_.a_by = read_parameters(reader, args_.type);
    args_.b_by = read_parameters(reader, args_.type);
    args_.out_by = read_parameters(reader, args_.type);
    const BroadcastShapes shapes = read_broadcast(reader);
    shape_ = shapes.shape;
    a_ = reader.input("a", shapes.a, 1);
    b_ = reader.input("b", shapes.b, 1);
    output_ = reader.output("output", shapes.out, 1);
    for (const Operand& operand : {a_, b_}) {
      if (operand.bytes == output_.bytes) {
        reader.expect_elementwise(operand, output_);
      } else {
        reader.expect_disjoint(operand, output_);
      }
    }
  }

  void run(const Frame& frame) const override {
    QuantizedBinaryArgs args = args_;
    args.a = a_.in(frame);
    args.b = b_.in(frame);
    args.out = output_.in(frame);
    is_product_ ? quantized_mul(args, shape_) : quantized_add(args, shape_);
  }

 private:
  bool is_product_;
  QuantizedBinaryArgs args_{};
  Broadcast shape_;
  Operand a_, b_, output_;
};

}  // namespace

std::unique_ptr<const Op> make_quantized_binary(OpReader& reader) {
  return std::make_unique<QuantizedBinary>(reader);
}

}  // namespace octavo
