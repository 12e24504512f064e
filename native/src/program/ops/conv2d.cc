// Convolution of 8-bit integers. Operands: bias, scales, input, output, residual. Words: weights,
// epilogue, input type, input zero point, layouts of input and output (0: NCHW, 1: NHWC), batch,
// height, width, strides, dilations, pads (top, left, bottom, right), residual.
#include "epilogue/epilogue_panel.h"
#include "program/conv2d_geometry_reader.h"
#include "program/epilogue_reader.h"

namespace octavo {
namespace {

class Conv2d final : public Op {
 public:
  explicit Conv2d(OpReader& reader) : weights_(reader.weights<octavo_packed_conv2d>("weights")) {
    args_.weights = weights_.get();
    args_.epilogue = read_epilogue(reader, octavo_packed_conv2d_out_channels(weights_.get()));
    args_.input_type = reader.byte_type("input type");
    args_.input_zero_point = reader.word("input zero point");
    read_conv2d_geometry(reader, args_);
    const Conv2dElements elements = conv2d_elements(args_);
    const size_t element = output_bytes(args_.epilogue.output);
    input_ = reader.input("input", elements.in, 1);
    output_ = reader.output("output", elements.out.times(element), element);
    reader.expect_disjoint(input_, output_);
    residual_ = read_residual(reader, elements.out, output_, args_.epilogue);
  }

  void run(const Frame& frame) const override {
    octavo_conv2d_args args = args_;
    args.input = input_.in(frame);
    args.out = output_.in(frame);
    args.epilogue.residual.data = residual_.in(frame);
    require_ok(octavo_conv2d(&args));
  }

 private:
  std::shared_ptr<const octavo_packed_conv2d> weights_;
  octavo_conv2d_args args_{};
  Operand input_, output_, residual_;
};

}  // namespace

std::unique_ptr<const Op> make_conv2d(OpReader& reader) { return std::make_unique<Conv2d>(reader); }

}  // namespace octavo
