// Softmax and its logarithm over rows of floats. Operands: input, output, which may be the input.
// Words: rows, columns.
#include "normalize/normalize.h"
#include "program/op_reader.h"

namespace octavo {
namespace {

using RowFn = void (*)(const float* in, size_t rows, size_t columns, float* out, IsaSet available);

class RowFunction final : public Op {
 public:
  RowFunction(OpReader& reader, RowFn function)
      : function_(function), rows_(reader.size("rows")), columns_(reader.size("columns")) {
    const CheckedSize bytes = CheckedSize(rows_).times(columns_).times(sizeof(float));
    input_ = reader.input("input", bytes, sizeof(float));
    output_ = reader.output("output", bytes, sizeof(float));
    reader.expect_elementwise(input_, output_);
  }

  void run(const Frame& frame) const override {
    function_(input_.in<const float>(frame), rows_, columns_, output_.in<float>(frame),
              active_isa());
  }

 private:
  RowFn function_;
  size_t rows_, columns_;
  Operand input_, output_;
};

}  // namespace

std::unique_ptr<const Op> make_softmax(OpReader& reader) {
  return std::make_unique<RowFunction>(reader, softmax);
}

std::unique_ptr<const Op> make_log_softmax(OpReader& reader) {
  return std::make_unique<RowFunction>(reader, log_softmax);
}

}  // namespace octavo
