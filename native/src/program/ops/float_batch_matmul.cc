// Products of pairs of float matrices, both of which vary. Operands: bias (constant or left out),
// residual (or left out), a, b, output. Words: activation, alpha, beta, m, k, n, row and column
// strides of a and of b, row stride of the output, rank of the batch (at most 4), then for each of
// its dimensions the size and the strides of a, b and the output. Strides are in elements.
#include <vector>

#include "octavo/float_matmul.h"
#include "program/float_epilogue_reader.h"

namespace octavo {
namespace {

constexpr size_t kMaxBatchRank = 4;

struct BatchDimension {
  size_t size, a, b, out;
};

// Elements from the first to the last of a strided array.
class Reach {
 public:
  void add(size_t size, size_t stride) {
    if (size == 0)
      empty_ = true;
    else
      last_ = last_.plus(CheckedSize(size - 1).times(stride).value());
  }
  CheckedSize elements() const { return empty_ ? CheckedSize(0) : last_.plus(1); }

 private:
  CheckedSize last_{0};
  bool empty_ = false;
};

class FloatBatchMatmul final : public Op {
 public:
  explicit FloatBatchMatmul(OpReader& reader) {
    args_.epilogue = read_float_epilogue(reader);
    for (size_t* size : {&args_.m, &args_.k, &args_.n, &args_.a.row_stride, &args_.a.column_stride,
                         &args_.b.row_stride, &args_.b.column_stride, &args_.out_stride}) {
      *size = reader.size("sizes and strides");
    }
    reader.expect(args_.m <= 1 || args_.out_stride >= args_.n, "row stride of the output",
                  "at least n");
    reader.expect(args_.k <= 1 || (args_.a.column_stride != 0 && args_.b.row_stride != 0),
                  "strides along k", "strides that are not 0");
    args_.epilogue.residual_stride = args_.out_stride;
    args_.epilogue.bias = read_bias(reader, args_.n).data;
    read_batch(reader);
    read_operands(reader);
    fill_offsets();
  }

  void run(const Frame& frame) const override {
    octavo_float_batch_matmul_args args = args_;
    args.a.data = a_.in<const float>(frame);
    args.b.data = b_.in<const float>(frame);
    args.a.offsets = a_offsets_.data();
    args.b.offsets = b_offsets_.data();
    args.out_offsets = out_offsets_.data();
    args.epilogue.residual = residual_.in<const float>(frame);
    args.out = output_.in<float>(frame);
    require_ok(octavo_float_batch_matmul(&args));
  }

 private:
  void read_batch(OpReader& reader) {
    rank_ = reader.index("rank of the batch", kMaxBatchRank);
    for (size_t i = 0; i < rank_; ++i) {
      BatchDimension& dimension = batch_[i];
      for (size_t* word : {&dimension.size, &dimension.a, &dimension.b, &dimension.out}) {
        *word = reader.size("batch");
      }
    }
  }

  // Within the operands, and with outputs that have a place each: offsets are as many as fit there.
  void read_operands(OpReader& reader) {
    Reach a, b, out;
    CheckedSize count(1);
    for (size_t i = 0; i < rank_; ++i) {
      a.add(batch_[i].size, batch_[i].a);
      b.add(batch_[i].size, batch_[i].b);
      out.add(batch_[i].size, batch_[i].out);
      count = count.times(batch_[i].size);
    }
    a.add(args_.m, args_.a.row_stride);
    a.add(args_.k, args_.a.column_stride);
    b.add(args_.k, args_.b.row_stride);
    b.add(args_.n, args_.b.column_stride);
    out.add(args_.m, args_.out_stride);
    out.add(args_.n, 1);
    const CheckedSize results = count.times(args_.m).times(args_.n);
    const CheckedSize places = out.elements();
    reader.expect(places.value() == 0 || results.value() <= places.value(), "strides of the output",
                  "elements that do not lie over one another");
    args_.batch = places.value() == 0 ? 0 : count.value();
    const bool product = args_.batch != 0;
    const CheckedSize none(0);
    residual_ = reader.optional_input("residual", places.times(sizeof(float)), sizeof(float));
    a_ = reader.input("a", product ? a.elements().times(sizeof(float)) : none, sizeof(float));
    b_ = reader.input("b", product ? b.elements().times(sizeof(float)) : none, sizeof(float));
    output_ = reader.output("output", places.times(sizeof(float)), sizeof(float));
    reader.expect_disjoint(a_, output_);
    reader.expect_disjoint(b_, output_);
    reader.expect_elementwise(residual_, output_);
  }

  void fill_offsets() {
    a_offsets_.assign(args_.batch, 0);
    b_offsets_.assign(args_.batch, 0);
    out_offsets_.assign(args_.batch, 0);
    for (size_t matrix = 0; matrix < args_.batch; ++matrix) {
      size_t rest = matrix;
      for (size_t i = rank_; i > 0; --i) {
        const BatchDimension& dimension = batch_[i - 1];
        const size_t position = rest % dimension.size;
        rest /= dimension.size;
        a_offsets_[matrix] += position * dimension.a;
        b_offsets_[matrix] += position * dimension.b;
        out_offsets_[matrix] += position * dimension.out;
      }
    }
  }

  octavo_float_batch_matmul_args args_{};
  size_t rank_ = 0;
  BatchDimension batch_[kMaxBatchRank]{};
  std::vector<size_t> a_offsets_, b_offsets_, out_offsets_;
  Operand residual_, a_, b_, output_;
};

}  // namespace

std::unique_ptr<const Op> make_float_batch_matmul(OpReader& reader) {
  return std::make_unique<FloatBatchMatmul>(reader);
}

}  // namespace octavo
