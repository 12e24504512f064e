// ONNX's DynamicQuantizeLinear. Operands: input (float32), output (uint8), scale (float32), zero
// point (uint8). Words: elements.
#include "program/op_reader.h"
#include "quantize/quantize.h"

namespace octavo {
namespace {

class DynamicQuantize final : public Op {
 public:
  explicit DynamicQuantize(OpReader& reader) : count_(reader.size("elements")) {
    input_ = reader.input("input", CheckedSize(count_).times(sizeof(float)), sizeof(float));
    output_ = reader.output("output", CheckedSize(count_), 1);
    scale_ = reader.output("scale", CheckedSize(sizeof(float)), sizeof(float));
    zero_point_ = reader.output("zero point", CheckedSize(1), 1);
    const Operand* operands[] = {&input_, &output_, &scale_, &zero_point_};
    for (const Operand* a : operands) {
      for (const Operand* b : operands) {
        if (a != b) reader.expect_disjoint(*a, *b);
      }
    }
  }

  void run(const Frame& frame) const override {
    const float* in = input_.in<const float>(frame);
    const QuantizationParameters by = dynamic_parameters(in, count_);
    *scale_.in<float>(frame) = by.scale;
    *zero_point_.in(frame) = static_cast<uint8_t>(by.zero_point);
    quantize(in, {1, 1, count_, &by.scale, &by.zero_point}, OCTAVO_U8, output_.in(frame));
  }

 private:
  size_t count_;
  Operand input_, output_, scale_, zero_point_;
};

}  // namespace

std::unique_ptr<const Op> make_dynamic_quantize(OpReader& reader) {
  return std::make_unique<DynamicQuantize>(reader);
}

}  // namespace octavo
