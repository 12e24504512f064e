// What JavaScript passed, checked. Errors say the function, the argument, what was expected and
// what was found, and carry a `code`.
#ifndef OCTAVO_NAPI_ARGUMENTS_H_
#define OCTAVO_NAPI_ARGUMENTS_H_

#include <napi.h>

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <vector>

#include "base/math.h"
#include "octavo/octavo.h"

namespace octavo::napi {

// Elements of a typed array. Valid during the call that received it and no longer: JavaScript may
// detach or resize the memory afterwards.
struct Elements {
  void* data = nullptr;
  size_t count = 0;
  octavo_type type = OCTAVO_U8;
  bool present = false;
};

// The memory of a typed array of any kind, as bytes.
struct Bytes {
  uint8_t* data = nullptr;
  size_t count = 0;
};

// Elements from the first to the last of `rows` rows that start `stride` elements apart.
CheckedSize span_of_rows(size_t rows, size_t columns, size_t stride);

// False where the value is no typed array. Memory that was detached or shrank has no bytes.
bool read_bytes(napi_env env, napi_value value, Bytes& bytes);

// The arguments of one call, in order.
class Arguments {
 public:
  Arguments(const Napi::CallbackInfo& call, const char* function)
      : call_(call), function_(function) {}

  Napi::Env env() const { return call_.Env(); }
  Napi::Value value(size_t index) const { return call_[index]; }

  // A whole number from 0 to 2^53 - 1.
  size_t size(size_t index, const char* name) const;
  // A whole number that fits int32.
  int32_t integer(size_t index, const char* name) const;
  bool boolean(size_t index, const char* name) const;
  // A typed array of one of these types, which `expected` names.
  Elements one_of(size_t index, const char* name, std::initializer_list<octavo_type> types,
                  const char* expected) const;
  // Int8Array or Uint8Array.
  Elements bytes(size_t index, const char* name) const;
  // One kind of array; nothing for undefined and null.
  Elements optional(size_t index, const char* name, octavo_type type) const;

  std::span<const int32_t> integers(size_t index, const char* name) const;
  std::span<const double> numbers(size_t index, const char* name) const;
  // The elements of an array. Reading them may run JavaScript, so this comes before any memory of
  // typed arrays is looked at.
  std::vector<napi_value> list(size_t index, const char* name) const;

  void require_count(const char* name, size_t found, size_t expected) const;
  void require_exactly(const char* name, size_t found, const CheckedSize& expected) const;
  void require_at_least(const char* name, size_t found, const CheckedSize& expected) const;
  // Throws what a failed call of the library says.
  void require_ok(octavo_status status) const;
  [[noreturn]] void fail(const char* name, const std::string& expected,
                         const std::string& found) const;

 private:
  const Napi::CallbackInfo& call_;
  const char* function_;
};

}  // namespace octavo::napi

#endif  // OCTAVO_NAPI_ARGUMENTS_H_
