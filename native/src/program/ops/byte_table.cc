// A function of one byte: requantization or an activation. Operands: table (256 constant bytes),
// input, output, which may be the input. Words: rows, bytes of a row, and from row to row of input
// and output.
#include "quantize/byte_table.h"

#include <algorithm>

#include "program/op_reader.h"
#include "threading/parallel_ranges.h"

namespace octavo {
namespace {

class LookUp final : public Op {
 public:
  explicit LookUp(OpReader& reader) {
    const auto table = reader.constant<uint8_t>("table");
    reader.expect(table.count == std::size(table_.entries), "table", "256 bytes");
    std::copy_n(table.data, table.count, table_.entries);
    rows_ = reader.size("rows");
    columns_ = reader.size("bytes of a row");
    in_stride_ = reader.size("stride of the input");
    out_stride_ = reader.size("stride of the output");
    reader.expect(in_stride_ >= columns_ && out_stride_ >= columns_, "strides", "whole rows");
    const auto span = [&](size_t stride) {
      const bool empty = rows_ == 0 || columns_ == 0;
      return empty ? CheckedSize(0) : CheckedSize(rows_ - 1).times(stride).plus(columns_);
    };
    input_ = reader.input("input", span(in_stride_), 1);
    output_ = reader.output("output", span(out_stride_), 1);
    reader.expect_elementwise(input_, output_);
    reader.expect(in_stride_ == out_stride_ || !reader.same_memory(input_, output_), "output",
                  "the strides of the input that it replaces");
    if (in_stride_ != columns_ || out_stride_ != columns_ || rows_ == 0) return;
    columns_ *= rows_;
    rows_ = 1;
  }

  void run(const Frame& frame) const override {
    const uint8_t* in = input_.in(frame);
    uint8_t* out = output_.in(frame);
    if (columns_ == 0) return;
    if (rows_ == 1) return look_up(in, table_, columns_, out);
    parallel_ranges(rows_, div_up(kElementsPerTask, columns_), [&](size_t first, size_t count) {
      for (size_t row = first; row < first + count; ++row) {
        look_up(in + row * in_stride_, table_, columns_, out + row * out_stride_);
      }
    });
  }

 private:
  ByteTable table_;
  size_t rows_, columns_, in_stride_, out_stride_;
  Operand input_, output_;
};

}  // namespace

std::unique_ptr<const Op> make_byte_table(OpReader& reader) {
  return std::make_unique<LookUp>(reader);
}

}  // namespace octavo
