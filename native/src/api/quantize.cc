// The part of the C API about quantizing: every argument is checked here, and nowhere below.
#include "quantize/quantize.h"

#include <cmath>

#include "api/boundary.h"
#include "base/math.h"
#include "quantize/quantized_type.h"

namespace octavo {
namespace {

bool is_half(octavo_type type) { return type == OCTAVO_F16 || type == OCTAVO_BF16; }

bool is_quantized(octavo_type type) {
  return type == OCTAVO_S8 || type == OCTAVO_U8 || type == OCTAVO_S16 || type == OCTAVO_U16;
}

void check_buffers(const void* in, CheckedSize in_bytes, const void* out, CheckedSize out_bytes) {
  require(in_bytes.fits() && out_bytes.fits(), "count", "a size that fits memory");
  require(in_bytes.value() == 0 || in != nullptr, "in", "a pointer");
  require(out_bytes.value() == 0 || out != nullptr, "out", "a pointer");
  check_disjoint(out, out_bytes.value(), in, in_bytes.value(), "memory apart from in");
}

CheckedSize count_of(const octavo_quantization& by) {
  return CheckedSize(by.outer).times(by.channels).times(by.inner);
}

Quantization checked(const octavo_quantization* by, octavo_type type) {
  require(by != nullptr, "by", "a pointer");
  require(by->scales != nullptr, "by.scales", "a pointer");
  require(by->zero_points != nullptr, "by.zero_points", "a pointer");
  require(count_of(*by).fits(), "by", "a size that fits memory");
  for (size_t i = 0; i < by->channels; ++i) {
    require(std::isfinite(by->scales[i]) && by->scales[i] > 0, "by.scales",
            "finite numbers above 0");
    require(is_zero_point(by->zero_points[i], type), "by.zero_points",
            "values within the range of the type");
  }
  return {by->outer, by->channels, by->inner, by->scales, by->zero_points};
}

void convert(const void* in, octavo_type from, size_t count, octavo_type to, void* out) {
  const auto* floats = static_cast<const float*>(in);
  const auto* halves = static_cast<const uint16_t*>(in);
  if (to == OCTAVO_F16) return floats_to_half(floats, count, static_cast<uint16_t*>(out));
  if (to == OCTAVO_BF16) return floats_to_bfloat(floats, count, static_cast<uint16_t*>(out));
  if (from == OCTAVO_F16) return half_to_floats(halves, count, static_cast<float*>(out));
  bfloat_to_floats(halves, count, static_cast<float*>(out));
}

CheckedSize bytes_of_nibbles(size_t count) { return CheckedSize(count / 2 + count % 2); }

}  // namespace
}  // namespace octavo

octavo_status octavo_quantize(const float* in, const octavo_quantization* by, octavo_type type,
                              void* out) {
  return octavo::at_boundary([&] {
    octavo::require(octavo::is_quantized(type), "type", "OCTAVO_S8, U8, S16 or U16");
    const octavo::Quantization quantization = octavo::checked(by, type);
    const octavo::CheckedSize count = octavo::count_of(*by);
    octavo::check_buffers(in, count.times(sizeof(float)), out,
                          count.times(octavo::bytes_of_quantized(type)));
    octavo::quantize(in, quantization, type, out);
  });
}

octavo_status octavo_dequantize(const void* in, octavo_type type, const octavo_quantization* by,
                                float* out) {
  return octavo::at_boundary([&] {
    octavo::require(octavo::is_quantized(type) || type == OCTAVO_S32, "type",
                    "OCTAVO_S8, U8, S16, U16 or S32");
    const octavo::Quantization quantization = octavo::checked(by, type);
    const octavo::CheckedSize count = octavo::count_of(*by);
    octavo::check_buffers(in, count.times(octavo::bytes_of_quantized(type)), out,
                          count.times(sizeof(float)));
    octavo::dequantize(in, type, quantization, out);
  });
}

octavo_status octavo_quantize_rows(const float* in, size_t rows, size_t columns, uint8_t* out,
                                   float* scales, int32_t* zero_points) {
  return octavo::at_boundary([&] {
    const octavo::CheckedSize count = octavo::CheckedSize(rows).times(columns);
    octavo::check_buffers(in, count.times(sizeof(float)), out, count);
    octavo::require(rows == 0 || scales != nullptr, "scales", "a pointer");
    octavo::require(rows == 0 || zero_points != nullptr, "zero_points", "a pointer");
    octavo::quantize_rows(in, rows, columns, out, scales, zero_points);
  });
}

octavo_status octavo_convert(const void* in, octavo_type from, size_t count, octavo_type to,
                             void* out) {
  return octavo::at_boundary([&] {
    const bool narrows = from == OCTAVO_F32 && octavo::is_half(to);
    const bool widens = octavo::is_half(from) && to == OCTAVO_F32;
    octavo::require(narrows || widens, "from, to", "OCTAVO_F32, and OCTAVO_F16 or BF16");
    octavo::check_buffers(in, octavo::CheckedSize(count).times(narrows ? 4 : 2), out,
                          octavo::CheckedSize(count).times(narrows ? 2 : 4));
    octavo::convert(in, from, count, to, out);
  });
}

octavo_status octavo_unpack_nibbles(const uint8_t* in, size_t count, octavo_type type, void* out) {
  return octavo::at_boundary([&] {
    octavo::check_byte_type(type, "type");
    octavo::check_buffers(in, octavo::bytes_of_nibbles(count), out, octavo::CheckedSize(count));
    octavo::unpack_nibbles(in, count, type, out);
  });
}

octavo_status octavo_pack_nibbles(const void* in, size_t count, uint8_t* out) {
  return octavo::at_boundary([&] {
    octavo::check_buffers(in, octavo::CheckedSize(count), out, octavo::bytes_of_nibbles(count));
    octavo::pack_nibbles(in, count, out);
  });
}
