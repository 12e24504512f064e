#include "arguments.h"
#include "bindings.h"

namespace octavo::napi {
namespace {

// Arguments `index` to `index + 2`: shape, scales and zero points of a quantized tensor.
octavo_quantization read_quantization(const Arguments& arguments, size_t index) {
  const auto shape = arguments.integers(index, "shape");
  arguments.require_count("shape", shape.size(), 3);
  for (int32_t size : shape) {
    if (size < 0) arguments.fail("shape", "no negative number", std::to_string(size));
  }
  const Elements scales = arguments.one_of(index + 1, "scales", {OCTAVO_F32}, "a Float32Array");
  const auto zero_points = arguments.integers(index + 2, "zeroPoints");
  octavo_quantization by{};
  by.outer = static_cast<size_t>(shape[0]);
  by.channels = static_cast<size_t>(shape[1]);
  by.inner = static_cast<size_t>(shape[2]);
  arguments.require_count("scales", scales.count, by.channels);
  arguments.require_count("zeroPoints", zero_points.size(), by.channels);
  by.scales = static_cast<const float*>(scales.data);
  by.zero_points = zero_points.data();
  return by;
}

CheckedSize count_of(const octavo_quantization& by) {
  return CheckedSize(by.outer).times(by.channels).times(by.inner);
}

Elements read_floats(const Arguments& arguments, size_t index, const char* name) {
  return arguments.one_of(index, name, {OCTAVO_F32}, "a Float32Array");
}

}  // namespace

void quantize(const Napi::CallbackInfo& call) {
  const Arguments arguments(call, "quantize");
  const Elements in = read_floats(arguments, 0, "in");
  const octavo_quantization by = read_quantization(arguments, 1);
  const Elements out = arguments.one_of(4, "out", {OCTAVO_S8, OCTAVO_U8, OCTAVO_S16, OCTAVO_U16},
                                        "an Int8Array, Uint8Array, Int16Array or Uint16Array");
  arguments.require_exactly("in", in.count, count_of(by));
  arguments.require_exactly("out", out.count, count_of(by));
  if (in.count == 0) return;
  arguments.require_ok(
      octavo_quantize(static_cast<const float*>(in.data), &by, out.type, out.data));
}

void dequantize(const Napi::CallbackInfo& call) {
  const Arguments arguments(call, "dequantize");
  const Elements in =
      arguments.one_of(0, "in", {OCTAVO_S8, OCTAVO_U8, OCTAVO_S16, OCTAVO_U16, OCTAVO_S32},
                       "an Int8Array, Uint8Array, Int16Array, Uint16Array or Int32Array");
  const octavo_quantization by = read_quantization(arguments, 1);
  const Elements out = read_floats(arguments, 4, "out");
  arguments.require_exactly("in", in.count, count_of(by));
  arguments.require_exactly("out", out.count, count_of(by));
  if (in.count == 0) return;
  arguments.require_ok(octavo_dequantize(in.data, in.type, &by, static_cast<float*>(out.data)));
}

void quantize_rows(const Napi::CallbackInfo& call) {
  const Arguments arguments(call, "quantizeRows");
  const Elements in = read_floats(arguments, 0, "in");
  const size_t rows = arguments.size(1, "rows"), columns = arguments.size(2, "columns");
  const Elements out = arguments.one_of(3, "out", {OCTAVO_U8}, "a Uint8Array");
  const Elements scales = read_floats(arguments, 4, "scales");
  const Elements zero_points = arguments.one_of(5, "zeroPoints", {OCTAVO_S32}, "an Int32Array");
  const CheckedSize count = CheckedSize(rows).times(columns);
  arguments.require_exactly("in", in.count, count);
  arguments.require_exactly("out", out.count, count);
  arguments.require_count("scales", scales.count, rows);
  arguments.require_count("zeroPoints", zero_points.count, rows);
  arguments.require_ok(octavo_quantize_rows(
      static_cast<const float*>(in.data), rows, columns, static_cast<uint8_t*>(out.data),
      static_cast<float*>(scales.data), static_cast<int32_t*>(zero_points.data)));
}

void convert_floats(const Napi::CallbackInfo& call) {
  const Arguments arguments(call, "convertFloats");
  constexpr const char* kExpected = "a Float32Array or Uint16Array";
  Elements in = arguments.one_of(0, "in", {OCTAVO_F32, OCTAVO_U16}, kExpected);
  const octavo_type half = arguments.boolean(1, "bfloat16") ? OCTAVO_BF16 : OCTAVO_F16;
  Elements out = arguments.one_of(2, "out", {OCTAVO_F32, OCTAVO_U16}, kExpected);
  arguments.require_count("out", out.count, in.count);
  for (Elements* elements : {&in, &out}) {
    if (elements->type == OCTAVO_U16) elements->type = half;
  }
  arguments.require_ok(octavo_convert(in.data, in.type, in.count, out.type, out.data));
}

void pack_nibbles(const Napi::CallbackInfo& call) {
  const Arguments arguments(call, "packNibbles");
  const Elements in = arguments.bytes(0, "in");
  const Elements out = arguments.one_of(1, "out", {OCTAVO_U8}, "a Uint8Array");
  arguments.require_count("out", out.count, in.count / 2 + in.count % 2);
  arguments.require_ok(octavo_pack_nibbles(in.data, in.count, static_cast<uint8_t*>(out.data)));
}

void unpack_nibbles(const Napi::CallbackInfo& call) {
  const Arguments arguments(call, "unpackNibbles");
  const Elements in = arguments.one_of(0, "in", {OCTAVO_U8}, "a Uint8Array");
  const Elements out = arguments.bytes(1, "out");
  arguments.require_count("in", in.count, out.count / 2 + out.count % 2);
  arguments.require_ok(
      octavo_unpack_nibbles(static_cast<const uint8_t*>(in.data), out.count, out.type, out.data));
}

}  // namespace octavo::napi
