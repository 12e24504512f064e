// Scales and zero points among the parameters of an op.
#ifndef OCTAVO_SRC_PROGRAM_QUANTIZATION_READER_H_
#define OCTAVO_SRC_PROGRAM_QUANTIZATION_READER_H_

#include "program/op_reader.h"
#include "quantize/quantize.h"
#include "quantize/quantized_type.h"

namespace octavo {

// Words: scale, zero point.
inline QuantizationParameters read_parameters(OpReader& reader, octavo_type type) {
  const float scale = reader.number("scale");
  const int32_t zero_point = reader.word("zero point");
  reader.expect(is_zero_point(zero_point, type), "zero point", "a value of the type");
  return {scale, zero_point};
}

// Constant operands: scales (float32) and zero points (int32), one for each channel. Words: how
// many elements lie around the channels, channels, and elements of one channel.
inline Quantization read_channels(OpReader& reader, octavo_type type) {
  const auto scales = reader.constant<float>("scales");
  const auto zero_points = reader.constant<int32_t>("zero points");
  Quantization by{};
  by.outer = reader.size("outer");
  by.channels = reader.size("channels");
  by.inner = reader.size("inner");
  reader.expect(scales.count == by.channels && zero_points.count == by.channels, "channels",
                "a scale and a zero point for each");
  for (size_t i = 0; i < zero_points.count; ++i) {
    reader.expect(is_zero_point(zero_points.data[i], type), "zero points", "values of the type");
  }
  by.scales = scales.data;
  by.zero_points = zero_points.data;
  return by;
}

}  // namespace octavo

#endif  // OCTAVO_SRC_PROGRAM_QUANTIZATION_READER_H_
