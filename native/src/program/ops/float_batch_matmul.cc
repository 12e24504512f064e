// Products of pairs of float matrices, both of which vary. Operands: bias (constant or left out),
// residual (or left out), a, b, output. Words: activation, alpha, beta, then those of MatrixBatch.
#include "octavo/float_matmul.h"
#include "program/float_epilogue_reader.h"
#include "program/matrix_batch.h"

namespace octavo {
namespace {

class FloatBatchMatmul final : public Op {
 public:
  explicit FloatBatchMatmul(OpReader& reader) {
    args_.epilogue = read_float_epilogue(reader);
    batch_.read(reader);
    args_.m = batch_.m;
    args_.k = batch_.k;
    args_.n = batch_.n;
    args_.a.row_stride = batch_.a.row;
    args_.a.column_stride = batch_.a.column;
    args_.b.row_stride = batch_.b.row;
    args_.b.column_stride = batch_.b.column;
    args_.out_stride = args_.epilogue.residual_stride = batch_.out_row;
    args_.batch = batch_.count();
    args_.epilogue.bias = read_bias(reader, args_.n).data;
    const CheckedSize out_bytes = batch_.out_elements().times(sizeof(float));
    residual_ = reader.optional_input("residual", out_bytes, sizeof(float));
    a_ = reader.input("a", batch_.a_elements().times(sizeof(float)), sizeof(float));
    b_ = reader.input("b", batch_.b_elements().times(sizeof(float)), sizeof(float));
    output_ = reader.output("output", out_bytes, sizeof(float));
    reader.expect_disjoint(a_, output_);
    reader.expect_disjoint(b_, output_);
    reader.expect_elementwise(residual_, output_);
    batch_.fill_offsets();
    args_.a.offsets = batch_.a_offsets.data();
    args_.b.offsets = batch_.b_offsets.data();
    args_.out_offsets = batch_.out_offsets.data();
  }

  void run(const Frame& frame) const override {
    octavo_float_batch_matmul_args args = args_;
    args.a.data = a_.in<const float>(frame);
    args.b.data = b_.in<const float>(frame);
    args.epilogue.residual = residual_.in<const float>(frame);
    args.out = output_.in<float>(frame);
    require_ok(octavo_float_batch_matmul(&args));
  }

 private:
  MatrixBatch batch_;
  octavo_float_batch_matmul_args args_{};
  Operand residual_, a_, b_, output_;
};

}  // namespace

std::unique_ptr<const Op> make_float_batch_matmul(OpReader& reader) {
  return std::make_unique<FloatBatchMatmul>(reader);
}

}  // namespace octavo
