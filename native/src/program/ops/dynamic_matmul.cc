// Product of a matrix of 8-bit integers that was quantized while the program runs with packed
// weights: MatMulInteger and what makes floats of its sums. Operands: those of DynamicScales,
// input, output. Words: weights, input type, rows. Rows are dense.
#include "epilogue/epilogue_panel.h"
#include "octavo/matmul.h"
#include "program/dynamic_scales.h"

namespace octavo {
namespace {

class DynamicMatmul final : public Op {
 public:
  explicit DynamicMatmul(OpReader& reader)
      : weights_(reader.weights<octavo_packed_matrix>("weights")) {
    const size_t k = octavo_packed_matrix_k(weights_.get());
    const size_t n = octavo_packed_matrix_n(weights_.get());
    args_.rhs = weights_.get();
    args_.lhs_type = reader.byte_type("input type");
    args_.lhs_zero_point_count = 1;
    args_.m = reader.size("rows");
    args_.lhs_stride = k;
    args_.out_stride = n;
    scales_.read(reader, n, args_.lhs_type);
    input_ = reader.input("input", CheckedSize(args_.m).times(k), 1);
    output_ =
        reader.output("output", CheckedSize(args_.m).times(n).times(sizeof(float)), sizeof(float));
    scales_.expect_disjoint(reader, input_, output_);
  }

  void run(const Frame& frame) const override {
    octavo_matmul_args args = args_;
    const int32_t zero_point = scales_.zero_point(frame);
    args.lhs = input_.in(frame);
    args.lhs_zero_points = &zero_point;
    args.epilogue = scales_.epilogue(frame);
    args.out = output_.in(frame);
    require_ok(octavo_matmul(&args));
  }

 private:
  std::shared_ptr<const octavo_packed_matrix> weights_;
  octavo_matmul_args args_{};
  DynamicScales scales_;
  Operand input_, output_;
};

}  // namespace

std::unique_ptr<const Op> make_dynamic_matmul(OpReader& reader) {
  return std::make_unique<DynamicMatmul>(reader);
}

}  // namespace octavo
