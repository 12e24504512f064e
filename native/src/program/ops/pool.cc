// Maximum and average pooling of NHWC images; planes (NCHW) are images of one channel, in a batch
// of all channels. Operands: input, output. Words: function (0 maximum, 1 average), type (int8,
// uint8 or float32), scale and zero point of input and output (averages of bytes only), batch,
// channels, height, width, output height and width, kernel, strides, dilations, pads (top, left,
// bottom, right), whether averages count the padding.
#include "pool/pool.h"

#include "program/quantization_reader.h"

namespace octavo {
namespace {

// That a sum of bytes over a window fits 32 bits.
constexpr size_t kMostTaps = 1 << 23;

PoolShape read_shape(OpReader& reader) {
  PoolShape shape{};
  for (size_t* size : {&shape.batch, &shape.channels, &shape.height, &shape.width,
                       &shape.out_height, &shape.out_width, &shape.kernel_h, &shape.kernel_w,
                       &shape.stride_h, &shape.stride_w, &shape.dilation_h, &shape.dilation_w,
                       &shape.pad_top, &shape.pad_left, &shape.pad_bottom, &shape.pad_right}) {
    *size = reader.size("geometry");
  }
  shape.count_padding = reader.index("count padding", 1) == 1;
  const size_t taps = CheckedSize(shape.kernel_h).times(shape.kernel_w).value();
  reader.expect(taps >= 1 && taps <= kMostTaps, "kernel", "1 to 2^23 taps");
  return shape;
}

class Pool final : public Op {
 public:
  explicit Pool(OpReader& reader) {
    is_average_ = reader.index("function", 1) == 1;
    type_ = reader.type("type");
    reader.expect(type_ != OCTAVO_S32, "type", "int8, uint8 or float32");
    if (is_average_ && type_ != OCTAVO_F32) {
      in_by_ = read_parameters(reader, type_);
      out_by_ = read_parameters(reader, type_);
    }
    shape_ = read_shape(reader);
    const size_t element = type_ == OCTAVO_F32 ? sizeof(float) : 1;
    const CheckedSize pixel = CheckedSize(shape_.batch).times(shape_.channels).times(element);
    input_ = reader.input("input", pixel.times(shape_.height).times(shape_.width), element);
    output_ =
        reader.output("output", pixel.times(shape_.out_height).times(shape_.out_width), element);
    reader.expect_disjoint(input_, output_);
  }

  void run(const Frame& frame) const override {
    const void* in = input_.in(frame);
    void* out = output_.in(frame);
    if (output_.bytes == 0) return;
    if (!is_average_) return max_pool(in, type_, shape_, out);
    if (type_ != OCTAVO_F32) {
      return quantized_average_pool(in, type_, in_by_, out_by_, shape_, out);
    }
    average_pool(static_cast<const float*>(in), shape_, static_cast<float*>(out));
  }

 private:
  bool is_average_;
  octavo_type type_;
  QuantizationParameters in_by_{}, out_by_{};
  PoolShape shape_;
  Operand input_, output_;
};

}  // namespace

std::unique_ptr<const Op> make_pool(OpReader& reader) { return std::make_unique<Pool>(reader); }

}  // namespace octavo
