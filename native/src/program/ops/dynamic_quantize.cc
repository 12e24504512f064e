// ONNX's DynamicQuantizeLinear. Operands: input (float32), output (uint8), scale (float32), zero
// point (uint8), sequence lengths (int32, or left out). Words: elements, sequences, steps. With
// lengths the range is that of the steps before the longest sequence ends; what lies after it is
// saturated.
#include <algorithm>

#include "program/op_reader.h"
#include "quantize/quantize.h"

namespace octavo {
namespace {

class DynamicQuantize final : public Op {
 public:
  explicit DynamicQuantize(OpReader& reader)
      : count_(reader.size("elements")),
        sequences_(reader.size("sequences")),
        steps_(reader.size("steps")) {
    reader.expect(steps_ > 0 && count_ % steps_ == 0, "steps", "a divisor of the elements");
    input_ = reader.input("input", CheckedSize(count_).times(sizeof(float)), sizeof(float));
    output_ = reader.output("output", CheckedSize(count_), 1);
    scale_ = reader.output("scale", CheckedSize(sizeof(float)), sizeof(float));
    zero_point_ = reader.output("zero point", CheckedSize(1), 1);
    lengths_ = reader.optional_input(
        "sequence lengths", CheckedSize(sequences_).times(sizeof(int32_t)), sizeof(int32_t));
    const Operand* operands[] = {&input_, &output_, &scale_, &zero_point_};
    for (const Operand* a : operands) {
      for (const Operand* b : operands) {
        if (a != b) reader.expect_disjoint(*a, *b);
      }
      if (a != &input_) reader.expect_disjoint(*a, lengths_);
    }
  }

  void run(const Frame& frame) const override {
    const float* in = input_.in<const float>(frame);
    const QuantizationParameters by = dynamic_parameters(in, count_in_range(frame));
    *scale_.in<float>(frame) = by.scale;
    *zero_point_.in(frame) = static_cast<uint8_t>(by.zero_point);
    quantize(in, {1, 1, count_, &by.scale, &by.zero_point}, OCTAVO_U8, output_.in(frame));
  }

 private:
  size_t count_in_range(const Frame& frame) const {
    if (!lengths_.present) return count_;
    const int32_t* lengths = lengths_.in<const int32_t>(frame);
    int32_t longest = 0;
    for (size_t i = 0; i < sequences_; ++i) longest = std::max(longest, lengths[i]);
    return count_ / steps_ * std::min(steps_, static_cast<size_t>(longest));
  }

  size_t count_, sequences_, steps_;
  Operand input_, output_, scale_, zero_point_, lengths_;
};

}  // namespace

std::unique_ptr<const Op> make_dynamic_quantize(OpReader& reader) {
  return std::make_unique<DynamicQuantize>(reader);
}

}  // namespace octavo
