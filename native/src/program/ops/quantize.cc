// Floats to integers of 8 or 16 bits. Operands: scales, zero points (constant, one for each
// channel), input, output. Words: output type, elements around the channels, channels, elements of
// one channel.
#include "program/quantization_reader.h"

namespace octavo {
namespace {

class Quantize final : public Op {
 public:
  explicit Quantize(OpReader& reader) : type_(reader.quantized_type("output type")) {
    reader.expect(type_ != OCTAVO_S32, "output type", "a type of 8 or 16 bits");
    by_ = read_channels(reader, type_);
    const CheckedSize count = CheckedSize(by_.outer).times(by_.channels).times(by_.inner);
    const size_t element = bytes_of_quantized(type_);
    input_ = reader.input("input", count.times(sizeof(float)), sizeof(float));
    output_ = reader.output("output", count.times(element), element);
    reader.expect_disjoint(input_, output_);
  }

  void run(const Frame& frame) const override {
    quantize(input_.in<const float>(frame), by_, type_, output_.in(frame));
  }

 private:
  octavo_type type_;
  Quantization by_;
  Operand input_, output_;
};

}  // namespace

std::unique_ptr<const Op> make_quantize(OpReader& reader) {
  return std::make_unique<Quantize>(reader);
}

}  // namespace octavo
