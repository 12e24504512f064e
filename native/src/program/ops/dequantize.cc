// Integers of 8, 16 or 32 bits to floats. Operands: scales, zero points (constant, one for each
// channel), input, output. Words: input type, elements around the channels, channels, elements of
// one channel.
#include "program/quantization_reader.h"

namespace octavo {
namespace {

class Dequantize final : public Op {
 public:
  explicit Dequantize(OpReader& reader)
      : type_(reader.quantized_type("input type")), by_(read_channels(reader, type_)) {
    const CheckedSize count = CheckedSize(by_.outer).times(by_.channels).times(by_.inner);
    const size_t element = bytes_of_quantized(type_);
    input_ = reader.input("input", count.times(element), element);
    output_ = reader.output("output", count.times(sizeof(float)), sizeof(float));
    reader.expect_disjoint(input_, output_);
  }

  void run(const Frame& frame) const override {
    dequantize(input_.in(frame), type_, by_, output_.in<float>(frame));
  }

 private:
  octavo_type type_;
  Quantization by_;
  Operand input_, output_;
};

}  // namespace

std::unique_ptr<const Op> make_dequantize(OpReader& reader) {
  return std::make_unique<Dequantize>(reader);
}

}  // namespace octavo
