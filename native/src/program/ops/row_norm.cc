// Layer and RMS normalization of rows of floats. Operands: input, scale and bias (one value a
// column, or left out), output, which may be the input. Words: rows, columns, epsilon.
#include "normalize/normalize.h"
#include "program/op_reader.h"

namespace octavo {
namespace {

using RowNormFn = void (*)(const RowNormalization& args, IsaSet available);

class RowNorm final : public Op {
 public:
  RowNorm(OpReader& reader, RowNormFn function)
      : function_(function), rows_(reader.size("rows")), columns_(reader.size("columns")) {
    epsilon_ = reader.number("epsilon");
    const CheckedSize row = CheckedSize(columns_).times(sizeof(float));
    const CheckedSize bytes = row.times(rows_);
    input_ = reader.input("input", bytes, sizeof(float));
    scale_ = reader.optional_input("scale", row, sizeof(float));
    bias_ = reader.optional_input("bias", row, sizeof(float));
    output_ = reader.output("output", bytes, sizeof(float));
    reader.expect_elementwise(input_, output_);
    reader.expect_disjoint(scale_, output_);
    reader.expect_disjoint(bias_, output_);
  }

  void run(const Frame& frame) const override {
    function_({input_.in<const float>(frame), rows_, columns_, scale_.in<const float>(frame),
               bias_.in<const float>(frame), epsilon_, output_.in<float>(frame)},
              active_isa());
  }

 private:
  RowNormFn function_;
  size_t rows_, columns_;
  float epsilon_;
  Operand input_, scale_, bias_, output_;
};

}  // namespace

std::unique_ptr<const Op> make_layer_norm(OpReader& reader) {
  return std::make_unique<RowNorm>(reader, layer_norm);
}

std::unique_ptr<const Op> make_rms_norm(OpReader& reader) {
  return std::make_unique<RowNorm>(reader, rms_norm);
}

}  // namespace octavo
