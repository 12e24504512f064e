// Product of a float matrix with weights quantized in blocks. Operands: bias (constant or left
// out), residual (or left out), input, output. Words: weights, mode (0: exact, 1: dynamic-int8),
// activation, alpha, beta, rows. Rows are dense.
#include "octavo/block_matmul.h"

#include "program/float_epilogue_reader.h"

namespace octavo {
namespace {

class BlockMatmul final : public Op {
 public:
  explicit BlockMatmul(OpReader& reader)
      : weights_(reader.weights<octavo_packed_blocks>("weights")) {
    const size_t k = octavo_packed_blocks_k(weights_.get());
    const size_t n = octavo_packed_blocks_n(weights_.get());
    args_.rhs = weights_.get();
    args_.mode = static_cast<octavo_block_mode>(reader.index("mode", OCTAVO_BLOCK_DYNAMIC_INT8));
    args_.epilogue = read_float_epilogue(reader);
    args_.epilogue.bias = read_bias(reader, n).data;
    args_.epilogue.residual_stride = n;
    args_.m = reader.size("rows");
    args_.lhs_stride = k;
    args_.out_stride = n;
    const CheckedSize out = CheckedSize(args_.m).times(n).times(sizeof(float));
    residual_ = reader.optional_input("residual", out, sizeof(float));
    input_ =
        reader.input("input", CheckedSize(args_.m).times(k).times(sizeof(float)), sizeof(float));
    output_ = reader.output("output", out, sizeof(float));
    reader.expect_disjoint(input_, output_);
    reader.expect_elementwise(residual_, output_);
  }

  void run(const Frame& frame) const override {
    octavo_block_matmul_args args = args_;
    args.lhs = input_.in<const float>(frame);
    args.epilogue.residual = residual_.in<const float>(frame);
    args.out = output_.in<float>(frame);
    require_ok(octavo_block_matmul(&args));
  }

 private:
  std::shared_ptr<const octavo_packed_blocks> weights_;
  octavo_block_matmul_args args_{};
  Operand residual_, input_, output_;
};

}  // namespace

std::unique_ptr<const Op> make_block_matmul(OpReader& reader) {
  return std::make_unique<BlockMatmul>(reader);
}

}  // namespace octavo
