#include "epilogue_arguments.h"

#include <cmath>

namespace octavo::napi {
namespace {

// An empty array's data may be null, which would read as absent: any address serves for no
// elements.
constexpr float kNoElements = 0;

// The data of an optional array that must have `count` elements when it is there.
const void* optional_data(const Arguments& arguments, size_t index, const char* name,
                          octavo_type type, size_t count) {
  const Elements elements = arguments.optional(index, name, type);
  if (!elements.present) return nullptr;
  arguments.require_count(name, elements.count, count);
  return elements.count == 0 ? &kNoElements : elements.data;
}

const float* optional_floats(const Arguments& arguments, size_t index, const char* name,
                             size_t count) {
  return static_cast<const float*>(optional_data(arguments, index, name, OCTAVO_F32, count));
}

// Whole numbers of 16 bits keep their value as floats.
int32_t limit(const Arguments& arguments, float value) {
  if (!(value >= -128 && value <= 255) || value != std::floor(value)) {
    arguments.fail("sum", "limits within the output's range", std::to_string(value));
  }
  return static_cast<int32_t>(value);
}

// From argument `index`: residual, residualStride and sum.
Elements read_residual(const Arguments& arguments, size_t index, octavo_residual& residual) {
  residual.stride = arguments.size(index + 1, "residualStride");
  if (arguments.value(index).IsUndefined()) return {};
  const Elements bytes = arguments.bytes(index, "residual");
  residual.data = bytes.count == 0 ? &kNoElements : bytes.data;
  residual.type = bytes.type;
  const Elements sum = arguments.one_of(index + 2, "sum", {OCTAVO_F32}, "a Float32Array");
  arguments.require_count("sum", sum.count, 6);
  const float* numbers = static_cast<const float*>(sum.data);
  residual.ratio = numbers[0];
  residual.residual_ratio = numbers[1];
  residual.offset = numbers[2];
  residual.clamp_min = limit(arguments, numbers[3]);
  residual.clamp_max = limit(arguments, numbers[4]);
  if (numbers[5] != 0 && numbers[5] != 1) {
    arguments.fail("sum", "1 where the residual comes first, else 0", std::to_string(numbers[5]));
  }
  residual.comes_first = numbers[5] != 0;
  return bytes;
}

}  // namespace

EpilogueArguments read_epilogue(const Arguments& arguments, size_t index, size_t rows,
                                size_t columns) {
  EpilogueArguments read{};
  octavo_epilogue& epilogue = read.epilogue;
  epilogue.bias =
      static_cast<const int32_t*>(optional_data(arguments, index, "bias", OCTAVO_S32, columns));
  const Elements scales = arguments.optional(index + 1, "scales", OCTAVO_F32);
  if (scales.count > 1) arguments.require_count("scales", scales.count, columns);
  epilogue.scales = static_cast<const float*>(scales.data);
  epilogue.scale_count = scales.count;
  epilogue.row_scales = optional_floats(arguments, index + 2, "rowScales", rows);
  epilogue.float_bias = optional_floats(arguments, index + 3, "floatBias", columns);
  epilogue.zero_point = arguments.integer(index + 4, "zeroPoint");
  epilogue.clamp_min = arguments.integer(index + 5, "clampMin");
  epilogue.clamp_max = arguments.integer(index + 6, "clampMax");
  read.out = arguments.one_of(index + 7, "out", {OCTAVO_S8, OCTAVO_U8, OCTAVO_S32, OCTAVO_F32},
                              "an Int8Array, Uint8Array, Int32Array or Float32Array");
  epilogue.output = read.out.type;
  epilogue.table = static_cast<const uint8_t*>(
      optional_data(arguments, index + 8, "table", read.out.type, 256));
  read.residual = read_residual(arguments, index + 9, epilogue.residual);
  return read;
}

}  // namespace octavo::napi
