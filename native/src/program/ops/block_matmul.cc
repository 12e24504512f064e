// Product of a float matrix with weights quantized in blocks. Operands: bias (constant or left
// out), residual (or left out), input, output. Words: weights, mode (0: exact, 1: dynamic-int8),
// activation, alpha, beta, rows. Rows are dense.
#include "octavo/block_matmul.h"

#include "program/float_rows.h"

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
    rows_.read(reader, k, n, args_);
  }

  void run(const Frame& frame) const override {
    const octavo_block_matmul_args args = rows_.place(args_, frame);
    require_ok(octavo_block_matmul(&args));
  }

 private:
  std::shared_ptr<const octavo_packed_blocks> weights_;
  octavo_block_matmul_args args_{};
  FloatRows<octavo_block_matmul_args> rows_;
};

}  // namespace

std::unique_ptr<const Op> make_block_matmul(OpReader& reader) {
  return std::make_unique<BlockMatmul>(reader);
}

}  // namespace octavo
