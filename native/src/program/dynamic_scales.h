// Products of values that were quantized while the program runs: their scale and zero point are
// operands, and outputs are sums, or floats with a scale for each column.
#ifndef OCTAVO_SRC_PROGRAM_DYNAMIC_SCALES_H_
#define OCTAVO_SRC_PROGRAM_DYNAMIC_SCALES_H_

#include "octavo/epilogue.h"
#include "program/op_reader.h"

namespace octavo {

class DynamicScales {
 public:
  // Operands: weight scales and float bias (constant), the input's scale and zero point (a byte of
  // its type), scratch memory of a float for each column. Weight scales, the input's scale and
  // scratch are left out where outputs are sums (int32), and a zero point of 0 may be.
  void read(OpReader& reader, size_t columns, octavo_type input_type) {
    input_type_ = input_type;
    weight_scales_ = reader.constant<float>("weight scales");
    const auto bias = reader.constant<float>("bias");
    const bool is_float = weight_scales_.count != 0;
    reader.expect(!is_float || weight_scales_.count == 1 || weight_scales_.count == columns,
                  "weight scales", "one, or one for each column");
    reader.expect(bias.data == nullptr || (is_float && bias.count == columns), "bias",
                  "one for each column of a float output");
    const CheckedSize one(is_float ? sizeof(float) : 0);
    scale_ = reader.optional_input("input scale", one, sizeof(float));
    zero_point_ = reader.optional_input("input zero point", CheckedSize(1), 1);
    scratch_ = reader.optional_output("scratch", one.times(columns), sizeof(float));
    reader.expect(!is_float || (scale_.present && scratch_.present), "input scale",
                  "a scale and scratch memory where outputs are floats");
    reader.expect_disjoint(scale_, scratch_);
    reader.expect_disjoint(zero_point_, scratch_);
    epilogue_.output = is_float ? OCTAVO_F32 : OCTAVO_S32;
    epilogue_.scale_count = is_float ? columns : 0;
    epilogue_.float_bias = bias.data;
  }

  void expect_disjoint(const OpReader& reader, const Operand& input, const Operand& output) const {
    reader.expect_disjoint(input, scratch_);
    reader.expect_disjoint(output, scratch_);
    reader.expect_disjoint(scale_, output);
    reader.expect_disjoint(zero_point_, output);
    reader.expect_disjoint(input, output);
  }

  // Of this run: f32(input scale * weight scale) for each column.
  octavo_epilogue epilogue(const Frame& frame) const {
    octavo_epilogue epilogue = epilogue_;
    if (epilogue.output == OCTAVO_S32) return epilogue;
    const float scale = *scale_.in<const float>(frame);
    float* scales = scratch_.in<float>(frame);
    const size_t step = weight_scales_.count == 1 ? 0 : 1;
    for (size_t i = 0; i < epilogue.scale_count; ++i) {
      scales[i] = scale * weight_scales_.data[i * step];
    }
    epilogue.scales = scales;
    return epilogue;
  }

  int32_t zero_point(const Frame& frame) const {
    if (!zero_point_.present) return 0;
    const uint8_t byte = *zero_point_.in(frame);
    return input_type_ == OCTAVO_S8 ? static_cast<int8_t>(byte) : byte;
  }

 private:
  octavo_type input_type_ = OCTAVO_U8;
  ConstantValues<float> weight_scales_;
  octavo_epilogue epilogue_{};
  Operand scale_, zero_point_, scratch_;
};

}  // namespace octavo

#endif  // OCTAVO_SRC_PROGRAM_DYNAMIC_SCALES_H_
