// Product of a matrix of 8-bit integers with packed weights. Operands: bias, scales, input, output,
// residual. Words: weights, epilogue, input type, input zero point, rows, residual. Rows are dense.
#include "octavo/matmul.h"

#include "epilogue/epilogue_panel.h"
#include "program/epilogue_reader.h"

namespace octavo {
namespace {

class Matmul final : public Op {
 public:
  explicit Matmul(OpReader& reader)
      : weights_(reader.weights<octavo_packed_matrix>("weights")) {
    const size_t k = octavo_packed_matrix_k(weights_.get());
    const size_t n = octavo_packed_matrix_n(weights_.get());
    args_.rhs = weights_.get();
    args_.epilogue = read_epilogue(reader, n);
    args_.lhs_type = reader.byte_type("input type");
    zero_point_ = reader.word("input zero point");
    args_.lhs_zero_point_count = 1;
    args_.m = reader.size("rows");
    args_.lhs_stride = k;
    args_.out_stride = n;
    const size_t element = output_bytes(args_.epilogue.output);
    const CheckedSize outputs = CheckedSize(args_.m).times(n);
    input_ = reader.input("input", CheckedSize(args_.m).times(k), 1);
    output_ = reader.output("output", outputs.times(element), element);
    reader.expect_disjoint(input_, output_);
    residual_ = read_residual(reader, outputs, output_, args_.epilogue);
    args_.epilogue.residual.stride = n;
  }

  void run(const Frame& frame) const override {
    octavo_matmul_args args = args_;
    args.lhs = input_.in(frame);
    args.lhs_zero_points = &zero_point_;
    args.out = output_.in(frame);
    args.epilogue.residual.data = residual_.in(frame);
    require_ok(octavo_matmul(&args));
  }

 private:
  std::shared_ptr<const octavo_packed_matrix> weights_;
  octavo_matmul_args args_{};
  int32_t zero_point_ = 0;
  Operand input_, output_, residual_;
};

}  // namespace

std::unique_ptr<const Op> make_matmul(OpReader& reader) { return std::make_unique<Matmul>(reader); }

}  // namespace octavo
