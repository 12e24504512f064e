#include "api/checks.h"

#include <cmath>
#include <iterator>

#include "base/math.h"

namespace octavo {
namespace {

struct Range {
  int32_t low;
  int32_t high;
  bool holds(int32_t value) const { return low <= value && value <= high; }
};

Range range_of(octavo_type type) { return type == OCTAVO_U8 ? Range{0, 255} : Range{-128, 127}; }

void check_finite(const float* values, size_t count, const char* argument) {
  bool finite = true;
  for (size_t i = 0; i < count; ++i) finite = finite && std::isfinite(values[i]);
  require(finite, argument, "finite values");
}

void check_scales(const octavo_epilogue& epilogue, size_t columns) {
  const size_t count = epilogue.scale_count;
  if (count != 1 && count != columns) require_size(count, "epilogue.scale_count", columns);
  require(epilogue.scales != nullptr, "epilogue.scales", "a pointer");
}

void check_quantized_output(const octavo_epilogue& epilogue) {
  check_finite(epilogue.scales, epilogue.scale_count, "epilogue.scales");
  const Range range = range_of(epilogue.output);
  require(range.holds(epilogue.zero_point), "epilogue.zero_point", "a value of the output's type");
  require(range.holds(epilogue.clamp_min), "epilogue.clamp_min", "a value of the output's type");
  require(range.holds(epilogue.clamp_max), "epilogue.clamp_max", "a value of the output's type");
  require(epilogue.clamp_min <= epilogue.clamp_max, "epilogue.clamp_min",
          "at most epilogue.clamp_max");
}

}  // namespace

void check_residual(const octavo_epilogue& epilogue) {
  const octavo_residual& residual = epilogue.residual;
  check_byte_type(epilogue.output, "epilogue.output");
  check_byte_type(residual.type, "epilogue.residual.type");
  const float numbers[] = {residual.ratio, residual.residual_ratio, residual.offset};
  check_finite(numbers, std::size(numbers), "epilogue.residual.ratio, residual_ratio, offset");
  require(residual.comes_first == 0 || residual.comes_first == 1, "epilogue.residual.comes_first",
          "0 or 1");
  const Range range = range_of(epilogue.output);
  require(range.holds(residual.clamp_min) && range.holds(residual.clamp_max),
          "epilogue.residual.clamp_min, clamp_max", "values of the output's type");
  require(residual.clamp_min <= residual.clamp_max, "epilogue.residual.clamp_min",
          "at most epilogue.residual.clamp_max");
}

void require(bool holds, const char* argument, const char* expected) {
  if (!holds) throw InvalidArgument{std::string(argument) + ": expected " + expected};
}

void require_size(size_t found, const char* argument, size_t expected) {
  if (found == expected) return;
  throw InvalidArgument{std::string(argument) + ": expected " + std::to_string(expected) +
                        ", found " + std::to_string(found)};
}

void check_byte_type(octavo_type type, const char* argument) {
  require(type == OCTAVO_S8 || type == OCTAVO_U8, argument, "OCTAVO_S8 or OCTAVO_U8");
}

void check_zero_points(const int32_t* values, size_t count, size_t per_item, octavo_type type,
                       const char* argument) {
  if (count > 1) require_size(count, argument, per_item);
  require(count == 0 || values != nullptr, argument, "a pointer");
  const Range range = range_of(type);
  bool in_range = true;
  for (size_t i = 0; i < count; ++i) in_range = in_range && range.holds(values[i]);
  require(in_range, argument, "values within the range of the matrix's type");
}

void check_epilogue(const octavo_epilogue& epilogue, size_t columns) {
  switch (epilogue.output) {
    case OCTAVO_S32:
      require(epilogue.scale_count == 0, "epilogue.scale_count", "0 for int32 outputs");
      break;
    case OCTAVO_F32:
      check_scales(epilogue, columns);
      break;
    case OCTAVO_U8:
    case OCTAVO_S8:
      check_scales(epilogue, columns);
      check_quantized_output(epilogue);
      if (epilogue.residual.data != nullptr) check_residual(epilogue);
      break;
    default:
      require(false, "epilogue.output", "OCTAVO_S8, OCTAVO_U8, OCTAVO_S32 or OCTAVO_F32");
  }
  if (epilogue.output == OCTAVO_F32 || epilogue.output == OCTAVO_S32) {
    require(epilogue.table == nullptr, "epilogue.table", "NULL unless outputs are bytes");
    require(epilogue.residual.data == nullptr, "epilogue.residual.data",
            "NULL unless outputs are bytes");
  }
  if (epilogue.output == OCTAVO_F32) return;
  require(epilogue.row_scales == nullptr, "epilogue.row_scales", "NULL unless outputs are float");
  require(epilogue.float_bias == nullptr, "epilogue.float_bias", "NULL unless outputs are float");
}

size_t span_bytes(size_t rows, size_t columns, size_t stride, size_t element_bytes,
                  const char* argument) {
  if (rows == 0 || columns == 0) return 0;
  const CheckedSize bytes = CheckedSize(rows - 1).times(stride).plus(columns).times(element_bytes);
  require(bytes.fits(), argument, "a size that fits memory");
  return bytes.value();
}

void check_tail_apart(const octavo_epilogue& epilogue, size_t residual_bytes, const void* out,
                      size_t out_bytes) {
  check_disjoint(out, out_bytes, epilogue.table, 256, "memory apart from epilogue.table");
  check_disjoint(out, out_bytes, epilogue.residual.data, residual_bytes,
                 "memory apart from epilogue.residual");
}

void check_disjoint(const void* a, size_t a_bytes, const void* b, size_t b_bytes,
                    const char* expected) {
  if (a == nullptr || b == nullptr || a_bytes == 0 || b_bytes == 0) return;
  const uintptr_t a_begin = reinterpret_cast<uintptr_t>(a);
  const uintptr_t b_begin = reinterpret_cast<uintptr_t>(b);
  const bool overlap = a_begin < b_begin + b_bytes && b_begin < a_begin + a_bytes;
  require(!overlap, "out", expected);
}

}  // namespace octavo
