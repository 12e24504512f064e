// Product of a float matrix with packed weights. Operands: bias (constant or left out), residual
// (or left out), input, output. Words: weights, activation, alpha, beta, rows. Rows are dense.
#include "octavo/float_matmul.h"

#include "program/float_rows.h"

namespace octavo {
namespace {

class FloatMatmul final : public Op {
 public:
  explicit FloatMatmul(OpReader& reader)
      : weights_(reader.weights<octavo_packed_float>("weights")) {
    const size_t k = octavo_packed_float_k(weights_.get());
    const size_t n = octavo_packed_float_n(weights_.get());
    args_.rhs = weights_.get();
    args_.lhs_k_stride = 1;
    rows_.read(reader, k, n, args_);
  }

  void run(const Frame& frame) const override {
    const octavo_float_matmul_args args = rows_.place(args_, frame);
    require_ok(octavo_float_matmul(&args));
  }

 private:
  std::shared_ptr<const octavo_packed_float> weights_;
  octavo_float_matmul_args args_{};
  FloatRows<octavo_float_matmul_args> rows_;
};

}  // namespace

std::unique_ptr<const Op> make_float_matmul(OpReader& reader) {
  return std::make_unique<FloatMatmul>(reader);
}

}  // namespace octavo
