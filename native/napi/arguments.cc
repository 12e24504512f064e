#include "arguments.h"

#include <algorithm>
#include <cmath>
#include <iterator>

namespace octavo::napi {
namespace {

constexpr double kMaxSafeInteger = 9007199254740991.0;

[[noreturn]] void throw_with_code(Napi::Env env, const char* code, const std::string& message) {
  Napi::Error error = Napi::Error::New(env, message);
  error.Set("code", Napi::String::New(env, code));
  throw error;
}

const char* kind_of(const Napi::Value& value) {
  switch (value.Type()) {
    case napi_undefined:
      return "undefined";
    case napi_null:
      return "null";
    case napi_boolean:
      return "a boolean";
    case napi_number:
      return "a number";
    case napi_string:
      return "a string";
    case napi_bigint:
      return "a bigint";
    case napi_function:
      return "a function";
    default:
      return value.IsTypedArray() ? "another kind of typed array" : "an object";
  }
}

const char* array_name(octavo_type type) {
  switch (type) {
    case OCTAVO_S8:
      return "an Int8Array";
    case OCTAVO_U8:
      return "a Uint8Array";
    case OCTAVO_S32:
      return "an Int32Array";
    default:
      return "a Float32Array";
  }
}

bool type_of_array(napi_typedarray_type array, octavo_type& type) {
  switch (array) {
    case napi_int8_array:
      type = OCTAVO_S8;
      return true;
    case napi_uint8_array:
      type = OCTAVO_U8;
      return true;
    case napi_int16_array:
      type = OCTAVO_S16;
      return true;
    case napi_uint16_array:
      type = OCTAVO_U16;
      return true;
    case napi_int32_array:
      type = OCTAVO_S32;
      return true;
    case napi_float32_array:
      type = OCTAVO_F32;
      return true;
    default:
      return false;
  }
}

// False where the value is no typed array of a known kind. (Asking for its kind first would cost as
// much again: a call of a small layer reads half a dozen arrays.)
bool read_array(const Napi::Value& value, Elements& elements) {
  napi_typedarray_type array;
  const napi_status status = napi_get_typedarray_info(value.Env(), value, &array, &elements.count,
                                                      &elements.data, nullptr, nullptr);
  elements.present = status == napi_ok && type_of_array(array, elements.type);
  // Memory that was detached has no elements.
  if (elements.data == nullptr) elements.count = 0;
  return elements.present;
}

bool read_number(const Napi::Value& value, double& number) {
  return napi_get_value_double(value.Env(), value, &number) == napi_ok;
}

}  // namespace

CheckedSize span_of_rows(size_t rows, size_t columns, size_t stride) {
  if (rows == 0 || columns == 0) return CheckedSize(0);
  return CheckedSize(rows - 1).times(stride).plus(columns);
}

bool read_bytes(napi_env env, napi_value value, Bytes& bytes) {
  static constexpr uint8_t kElementBytes[] = {1, 1, 1, 2, 2, 4, 4, 4, 8, 8, 8};
  napi_typedarray_type array;
  size_t count = 0;
  void* data = nullptr;
  if (napi_get_typedarray_info(env, value, &array, &count, &data, nullptr, nullptr) != napi_ok ||
      static_cast<size_t>(array) >= std::size(kElementBytes)) {
    return false;
  }
  bytes = {static_cast<uint8_t*>(data), data == nullptr ? 0 : count * kElementBytes[array]};
  return true;
}

void Arguments::fail(const char* name, const std::string& expected,
                     const std::string& found) const {
  throw_with_code(
      env(), "CPU_INVALID_ARGUMENT",
      std::string(function_) + ": " + name + ": expected " + expected + ", found " + found);
}

size_t Arguments::size(size_t index, const char* name) const {
  double number = 0;
  if (!read_number(value(index), number)) fail(name, "a whole number", kind_of(value(index)));
  if (!(number >= 0 && number <= kMaxSafeInteger) || number != std::floor(number)) {
    fail(name, "a whole number from 0 to 2^53 - 1", std::to_string(number));
  }
  return static_cast<size_t>(number);
}

int32_t Arguments::integer(size_t index, const char* name) const {
  double number = 0;
  if (!read_number(value(index), number)) fail(name, "a whole number", kind_of(value(index)));
  if (!(number >= INT32_MIN && number <= INT32_MAX) || number != std::floor(number)) {
    fail(name, "a whole number of 32 bits", std::to_string(number));
  }
  return static_cast<int32_t>(number);
}

bool Arguments::boolean(size_t index, const char* name) const {
  const Napi::Value argument = value(index);
  if (!argument.IsBoolean()) fail(name, "a boolean", kind_of(argument));
  return argument.As<Napi::Boolean>();
}

Elements Arguments::one_of(size_t index, const char* name, std::initializer_list<octavo_type> types,
                           const char* expected) const {
  Elements elements;
  const bool is_one = read_array(value(index), elements) &&
                      std::find(types.begin(), types.end(), elements.type) != types.end();
  if (!is_one) fail(name, expected, kind_of(value(index)));
  return elements;
}

Elements Arguments::bytes(size_t index, const char* name) const {
  return one_of(index, name, {OCTAVO_S8, OCTAVO_U8}, "an Int8Array or a Uint8Array");
}

Elements Arguments::optional(size_t index, const char* name, octavo_type type) const {
  const Napi::Value argument = value(index);
  const napi_valuetype kind = argument.Type();
  if (kind == napi_undefined || kind == napi_null) return {};
  Elements elements;
  if (!read_array(argument, elements) || elements.type != type) {
    fail(name, array_name(type), kind_of(argument));
  }
  return elements;
}

std::span<const int32_t> Arguments::integers(size_t index, const char* name) const {
  Elements elements;
  if (!read_array(value(index), elements) || elements.type != OCTAVO_S32) {
    fail(name, "an Int32Array", kind_of(value(index)));
  }
  return {static_cast<const int32_t*>(elements.data), elements.count};
}

std::span<const double> Arguments::numbers(size_t index, const char* name) const {
  napi_typedarray_type array;
  size_t count = 0;
  void* data = nullptr;
  const napi_status status =
      napi_get_typedarray_info(env(), value(index), &array, &count, &data, nullptr, nullptr);
  if (status != napi_ok || array != napi_float64_array) {
    fail(name, "a Float64Array", kind_of(value(index)));
  }
  return {static_cast<const double*>(data), count};
}

std::vector<napi_value> Arguments::list(size_t index, const char* name) const {
  constexpr uint32_t kLongest = 1 << 16;
  uint32_t length = 0;
  if (napi_get_array_length(env(), value(index), &length) != napi_ok) {
    fail(name, "an array", kind_of(value(index)));
  }
  if (length > kLongest) fail(name, "at most 65536 elements", std::to_string(length));
  std::vector<napi_value> elements(length);
  for (uint32_t i = 0; i < length; ++i) {
    const napi_status status = napi_get_element(env(), value(index), i, &elements[i]);
    if (status != napi_ok) throw Napi::Error::New(env());
  }
  return elements;
}

void Arguments::require_count(const char* name, size_t found, size_t expected) const {
  if (found == expected) return;
  fail(name, std::to_string(expected) + " elements", std::to_string(found));
}

void Arguments::require_at_least(const char* name, size_t found,
                                 const CheckedSize& expected) const {
  if (expected.fits() && found >= expected.value()) return;
  const std::string count = expected.fits() ? std::to_string(expected.value()) : "more than 2^63";
  fail(name, "at least " + count + " elements", std::to_string(found));
}

void Arguments::require_exactly(const char* name, size_t found, const CheckedSize& expected) const {
  require_at_least(name, found, expected);
  require_count(name, found, expected.value());
}

void Arguments::require_ok(octavo_status status) const {
  if (status == OCTAVO_OK) return;
  const char* code = status == OCTAVO_OUT_OF_MEMORY ? "CPU_OUT_OF_MEMORY" : "CPU_INVALID_ARGUMENT";
  throw_with_code(env(), code, std::string(function_) + ": " + octavo_last_error());
}

}  // namespace octavo::napi
