// Packed weights as JavaScript holds them: an opaque object, tagged so that no other object passes
// for it, that frees its memory when collected or released.
#ifndef OCTAVO_NAPI_PACKED_HANDLE_H_
#define OCTAVO_NAPI_PACKED_HANDLE_H_

#include <napi.h>

#include <cstdint>
#include <memory>

#include "arguments.h"

namespace octavo::napi {

// `Kind` says what is packed: its type, its tag, and how to free and measure it.
template <typename Kind>
class PackedHandle {
 public:
  using Packed = typename Kind::Packed;

  static Napi::Value wrap(Napi::Env env, Packed* packed) {
    auto holder = std::make_unique<PackedHandle>(packed);
    Napi::Object handle = Napi::Object::New(env);
    check(env, napi_type_tag_object(env, handle, &Kind::tag));
    check(env, napi_wrap(env, handle, holder.get(), finalize, nullptr, nullptr));
    holder.release()->count_memory(env, 1);
    return handle;
  }

  // The packed weights of argument `index`; an error for any other value and after `release`.
  static Packed* unwrap(const Arguments& arguments, size_t index) {
    PackedHandle* holder = find(arguments.value(index));
    if (holder == nullptr) arguments.fail("packed", Kind::expected, "another value");
    if (holder->packed_ == nullptr) arguments.fail("packed", Kind::expected, "released weights");
    return holder->packed_.get();
  }

  // Frees the weights if the value is such a handle; freeing twice does nothing.
  static bool release(const Napi::Value& value) {
    PackedHandle* holder = find(value);
    if (holder == nullptr) return false;
    holder->free(value.Env());
    return true;
  }

  explicit PackedHandle(Packed* packed) : packed_(packed), bytes_(Kind::bytes(packed)) {}

 private:
  struct Free {
    void operator()(Packed* packed) const { Kind::free(packed); }
  };

  static void check(Napi::Env env, napi_status status) {
    if (status != napi_ok) throw Napi::Error::New(env);
  }

  static PackedHandle* find(const Napi::Value& value) {
    bool tagged = false;
    if (!value.IsObject()) return nullptr;
    const napi_env env = value.Env();
    if (napi_check_object_type_tag(env, value, &Kind::tag, &tagged) != napi_ok || !tagged) {
      return nullptr;
    }
    void* holder = nullptr;
    return napi_unwrap(env, value, &holder) == napi_ok ? static_cast<PackedHandle*>(holder)
                                                       : nullptr;
  }

  static void finalize(napi_env env, void* data, void*) {
    const std::unique_ptr<PackedHandle> holder(static_cast<PackedHandle*>(data));
    holder->free(env);
  }

  void free(napi_env env) {
    if (packed_ == nullptr) return;
    packed_.reset();
    count_memory(env, -1);
  }

  // The garbage collector should know what a small object keeps alive.
  void count_memory(napi_env env, int64_t sign) const {
    int64_t total = 0;
    napi_adjust_external_memory(env, sign * static_cast<int64_t>(bytes_), &total);
  }

  std::unique_ptr<Packed, Free> packed_;
  size_t bytes_;
};

struct PackedMatrixKind {
  using Packed = octavo_packed_matrix;
  static constexpr napi_type_tag tag = {0x6f637461766f0001, 0x9d2b71c3e84f5a60};
  static constexpr const char* expected = "weights packed by packMatrix";
  static void free(Packed* packed) { octavo_free_packed_matrix(packed); }
  static size_t bytes(const Packed* packed) { return octavo_packed_matrix_bytes(packed); }
};

struct PackedConv2dKind {
  using Packed = octavo_packed_conv2d;
  static constexpr napi_type_tag tag = {0x6f637461766f0002, 0x3a84c6f01d5be792};
  static constexpr const char* expected = "weights packed by packConv2d";
  static void free(Packed* packed) { octavo_free_packed_conv2d(packed); }
  static size_t bytes(const Packed* packed) { return octavo_packed_conv2d_bytes(packed); }
};

using MatrixHandle = PackedHandle<PackedMatrixKind>;
using Conv2dHandle = PackedHandle<PackedConv2dKind>;

}  // namespace octavo::napi

#endif  // OCTAVO_NAPI_PACKED_HANDLE_H_
