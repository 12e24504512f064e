// Scales and zero points among the parameters of an op.
#ifndef OCTAVO_SRC_PROGRAM_QUANTIZATION_READER_H_
#define OCTAVO_SRC_PROGRAM_QUANTIZATION_READER_H_

#include "program/op_reader.h"
#include "quantize/quantize.h"

namespace octavo {

inline size_t bytes_of_quantized(octavo_type type) {
  if (type == OCTAVO_S32) return 4;
  return type == OCTAVO_U16 || type == OCTAVO_S16 ? 2 : 1;
}

inline bool is_zero_point(int32_t value, octavo_type type) {
  if (type == OCTAVO_S32) return true;
  const int32_t count = type == OCTAVO_U16 || type == OCTAVO_S16 ? 65536 : 256;
  const int32_t lowest = type == OCTAVO_S8 || type == OCTAVO_S16 ? -count / 2 : 0;
  return lowest <= value && value < lowest + count;
}

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
