// Convolution of floats. Operands: bias (constant or left out), residual (or left out), input,
// output. Words: weights, activation, alpha, beta, layouts of input and output (0: NCHW, 1: NHWC),
// batch, height, width, strides, dilations, pads (top, left, bottom, right).
#include "octavo/float_conv2d.h"

#include "program/conv2d_geometry_reader.h"
#include "program/float_epilogue_reader.h"

namespace octavo {
namespace {

class FloatConv2d final : public Op {
 public:
  explicit FloatConv2d(OpReader& reader)
      : weights_(reader.weights<octavo_packed_float_conv2d>("weights")) {
    const size_t channels = octavo_packed_float_conv2d_out_channels(weights_.get());
    args_.weights = weights_.get();
    args_.epilogue = read_float_epilogue(reader);
    args_.epilogue.bias = read_bias(reader, channels).data;
    read_conv2d_geometry(reader, args_);
    size_t height = 0, width = 0;
    require_ok(octavo_float_conv2d_output_size(&args_, &height, &width));
    const CheckedSize batch(args_.batch);
    const CheckedSize in = batch.times(octavo_packed_float_conv2d_in_channels(weights_.get()))
                               .times(args_.height)
                               .times(args_.width)
                               .times(sizeof(float));
    const CheckedSize out = batch.times(channels).times(height).times(width).times(sizeof(float));
    residual_ = reader.optional_input("residual", out, sizeof(float));
    input_ = reader.input("input", in, sizeof(float));
    output_ = reader.output("output", out, sizeof(float));
    reader.expect_disjoint(input_, output_);
    reader.expect_elementwise(residual_, output_);
  }

  void run(const Frame& frame) const override {
    octavo_float_conv2d_args args = args_;
    args.input = input_.in<const float>(frame);
    args.epilogue.residual = residual_.in<const float>(frame);
    args.out = output_.in<float>(frame);
    require_ok(octavo_float_conv2d(&args));
  }

 private:
  std::shared_ptr<const octavo_packed_float_conv2d> weights_;
  octavo_float_conv2d_args args_{};
  Operand residual_, input_, output_;
};

}  // namespace

std::unique_ptr<const Op> make_float_conv2d(OpReader& reader) {
  return std::make_unique<FloatConv2d>(reader);
}

}  // namespace octavo
