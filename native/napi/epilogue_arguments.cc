#include "epilogue_arguments.h"

namespace octavo::napi {
namespace {

// The data of an optional array that must have `count` elements when it is there. An empty array's
// data may be null, which would read as absent: any address serves for no elements.
const void* optional_data(const Arguments& arguments, size_t index, const char* name,
                          octavo_type type, size_t count) {
  static const float no_elements = 0;
  const Elements elements = arguments.optional(index, name, type);
  if (!elements.present) return nullptr;
  arguments.require_count(name, elements.count, count);
  return elements.count == 0 ? &no_elements : elements.data;
}

const float* optional_floats(const Arguments& arguments, size_t index, const char* name,
                             size_t count) {
  return static_cast<const float*>(optional_data(arguments, index, name, OCTAVO_F32, count));
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
  return read;
}

}  // namespace octavo::napi
