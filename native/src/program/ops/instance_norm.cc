// Normalization of each channel of each image. Operands: input and output ([batch][channels]
// [columns]; the output may be the input), scale and bias (one value a channel). Words: batch,
// channels, columns, epsilon.
#include "normalize/normalize.h"
#include "program/op_reader.h"

namespace octavo {
namespace {

class InstanceNorm final : public Op {
 public:
  explicit InstanceNorm(OpReader& reader)
      : batch_(reader.size("batch")),
        channels_(reader.size("channels")),
        columns_(reader.size("columns")),
        epsilon_(reader.number("epsilon")) {
    const CheckedSize channel = CheckedSize(channels_).times(sizeof(float));
    const CheckedSize bytes = channel.times(batch_).times(columns_);
    input_ = reader.input("input", bytes, sizeof(float));
    scale_ = reader.input("scale", channel, sizeof(float));
    bias_ = reader.input("bias", channel, sizeof(float));
    output_ = reader.output("output", bytes, sizeof(float));
    reader.expect_elementwise(input_, output_);
    reader.expect_disjoint(scale_, output_);
    reader.expect_disjoint(bias_, output_);
  }

  void run(const Frame& frame) const override {
    instance_norm(input_.in<const float>(frame), batch_, channels_, columns_,
                  scale_.in<const float>(frame), bias_.in<const float>(frame), epsilon_,
                  output_.in<float>(frame));
  }

 private:
  size_t batch_, channels_, columns_;
  float epsilon_;
  Operand input_, scale_, bias_, output_;
};

}  // namespace

std::unique_ptr<const Op> make_instance_norm(OpReader& reader) {
  return std::make_unique<InstanceNorm>(reader);
}

}  // namespace octavo
