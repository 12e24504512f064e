// Float functions of one element, an op for each line of elementwise/unary_ops.inc. Operands:
// input, output, which may be the input. Words: elements, alpha, beta.
#include "elementwise/unary.h"

#include "program/op_reader.h"

namespace octavo {
namespace {

class Unary final : public Op {
 public:
  Unary(OpReader& reader, UnaryOp op) : op_(op), count_(reader.size("elements")) {
    parameters_.alpha = reader.number("alpha");
    parameters_.beta = reader.number("beta");
    const CheckedSize bytes = CheckedSize(count_).times(sizeof(float));
    input_ = reader.input("input", bytes, sizeof(float));
    output_ = reader.output("output", bytes, sizeof(float));
    reader.expect_elementwise(input_, output_);
  }

  void run(const Frame& frame) const override {
    unary(op_, input_.in<const float>(frame), output_.in<float>(frame), count_, parameters_);
  }

 private:
  UnaryOp op_;
  size_t count_;
  UnaryParameters parameters_;
  Operand input_, output_;
};

}  // namespace

#define OCTAVO_UNARY(name, value)                                 \
  std::unique_ptr<const Op> make_unary_##name(OpReader& reader) { \
    return std::make_unique<Unary>(reader, UnaryOp::name);        \
  }
#include "elementwise/unary_ops.inc"
#undef OCTAVO_UNARY

}  // namespace octavo
