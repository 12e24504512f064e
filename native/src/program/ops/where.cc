// Elements of x where a condition holds, else of y. Operands: condition (truth values), x, y, output.
// Words: bytes of an element (1, 2, 4 or 8), elements of the output, then 1 for each of condition, x
// and y that is one element for all, else 0.
#include "elementwise/where.h"

#include "program/op_reader.h"

namespace octavo {
namespace {

class Where final : public Op {
 public:
  explicit Where(OpReader& reader) : element_bytes_(reader.index("bytes of an element", 8)) {
    const size_t bytes = element_bytes_;
    reader.expect(bytes == 1 || bytes == 2 || bytes == 4 || bytes == 8, "bytes of an element",
                  "1, 2, 4 or 8");
    count_ = reader.size("elements");
    for (bool& is_single : is_single_) is_single = reader.index("one for all", 1) != 0;
    condition_ = reader.input("condition", elements(0), 1);
    x_ = reader.input("x", elements(1).times(bytes), bytes);
    y_ = reader.input("y", elements(2).times(bytes), bytes);
    output_ = reader.output("output", CheckedSize(count_).times(bytes), bytes);
    for (const Operand& operand : {condition_, x_, y_}) reader.expect_disjoint(operand, output_);
  }

  void run(const Frame& frame) const override {
    const uint8_t* condition = condition_.in(frame);
    const uint8_t* x = x_.in(frame);
    const uint8_t* y = y_.in(frame);
    uint8_t* out = output_.in(frame);
    where({condition, is_single_[0]}, {x, is_single_[1]}, {y, is_single_[2]}, out, count_,
          element_bytes_);
  }

 private:
  CheckedSize elements(size_t operand) const {
    return CheckedSize(is_single_[operand] ? 1 : count_);
  }

  size_t element_bytes_, count_ = 0;
  bool is_single_[3] = {};
  Operand condition_, x_, y_, output_;
};

}  // namespace

std::unique_ptr<const Op> make_where(OpReader& reader) { return std::make_unique<Where>(reader); }

}  // namespace octavo
