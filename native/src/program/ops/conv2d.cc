// Convolution of 8-bit integers. Operands: bias, scales, input, output. Words: weights, epilogue,
// input type, input zero point, layouts of input and output (0: NCHW, 1: NHWC), batch, height,
// width, strides, dilations, pads (top, left, bottom, right).
#include "octavo/conv2d.h"

#include "epilogue/epilogue_panel.h"
#include "program/epilogue_reader.h"

namespace octavo {
namespace {

class Conv2d final : public Op {
 public:
  explicit Conv2d(OpReader& reader)
      : weights_(reader.weights<octavo_packed_conv2d>("weights")) {
    const size_t channels = octavo_packed_conv2d_out_channels(weights_.get());
    args_.weights = weights_.get();
    args_.epilogue = read_epilogue(reader, channels);
    read_geometry(reader);
    size_t height = 0, width = 0;
    require_ok(octavo_conv2d_output_size(&args_, &height, &width));
    const size_t element = output_bytes(args_.epilogue.output);
    const CheckedSize batch(args_.batch);
    input_ = reader.input("input",
                          batch.times(octavo_packed_conv2d_in_channels(weights_.get()))
                              .times(args_.height)
                              .times(args_.width),
                          1);
    output_ = reader.output(
        "output", batch.times(channels).times(height).times(width).times(element), element);
    reader.expect_disjoint(input_, output_);
  }

  void run(const Frame& frame) const override {
    octavo_conv2d_args args = args_;
    args.input = input_.in(frame);
    args.out = output_.in(frame);
    require_ok(octavo_conv2d(&args));
  }

 private:
  void read_geometry(OpReader& reader) {
    args_.input_type = reader.byte_type("input type");
    args_.input_zero_point = reader.word("input zero point");
    args_.input_layout = static_cast<octavo_layout>(reader.index("input layout", 1));
    args_.output_layout = static_cast<octavo_layout>(reader.index("output layout", 1));
    for (size_t* size : {&args_.batch, &args_.height, &args_.width, &args_.stride_h,
                         &args_.stride_w, &args_.dilation_h, &args_.dilation_w, &args_.pad_top,
                         &args_.pad_left, &args_.pad_bottom, &args_.pad_right}) {
      *size = reader.size("geometry");
    }
  }

  std::shared_ptr<const octavo_packed_conv2d> weights_;
  octavo_conv2d_args args_{};
  Operand input_, output_;
};

}  // namespace

std::unique_ptr<const Op> make_conv2d(OpReader& reader) { return std::make_unique<Conv2d>(reader); }

}  // namespace octavo
