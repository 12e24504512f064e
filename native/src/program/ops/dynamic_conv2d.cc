// Convolution of 8-bit integers that were quantized while the program runs: ConvInteger and what
// makes floats of its sums. Operands: those of DynamicScales, input, output. Words: weights, input
// type, layouts and geometry as in conv2d.
#include "program/conv2d_geometry_reader.h"
#include "program/dynamic_scales.h"

namespace octavo {
namespace {

class DynamicConv2d final : public Op {
 public:
  explicit DynamicConv2d(OpReader& reader)
      : weights_(reader.weights<octavo_packed_conv2d>("weights")) {
    args_.weights = weights_.get();
    args_.input_type = reader.byte_type("input type");
    read_conv2d_geometry(reader, args_);
    scales_.read(reader, octavo_packed_conv2d_out_channels(weights_.get()), args_.input_type);
    const Conv2dElements elements = conv2d_elements(args_);
    input_ = reader.input("input", elements.in, 1);
    output_ = reader.output("output", elements.out.times(sizeof(float)), sizeof(float));
    scales_.expect_disjoint(reader, input_, output_);
  }

  void run(const Frame& frame) const override {
    octavo_conv2d_args args = args_;
    args.input_zero_point = scales_.zero_point(frame);
    args.epilogue = scales_.epilogue(frame);
    args.input = input_.in(frame);
    args.out = output_.in(frame);
    require_ok(octavo_conv2d(&args));
  }

 private:
  std::shared_ptr<const octavo_packed_conv2d> weights_;
  octavo_conv2d_args args_{};
  DynamicScales scales_;
  Operand input_, output_;
};

}  // namespace

std::unique_ptr<const Op> make_dynamic_conv2d(OpReader& reader) {
  return std::make_unique<DynamicConv2d>(reader);
}

}  // namespace octavo
