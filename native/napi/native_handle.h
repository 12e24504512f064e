// Native objects as JavaScript holds them: an opaque object, tagged so that no other object passes
// for it, that lets go of its memory when collected or released. Programs keep the weights that
// they use.
#ifndef OCTAVO_NAPI_NATIVE_HANDLE_H_
#define OCTAVO_NAPI_NATIVE_HANDLE_H_

#include <napi.h>

#include <cstdint>
#include <memory>

#include "arguments.h"
#include "program/packed_weights.h"
#include "program/program.h"

namespace octavo::napi {

// `Kind` says what is held: its type, its tag, and how to free and measure it.
template <typename Kind>
class NativeHandle {
 public:
  using Held = typename Kind::Held;

  static Napi::Value wrap(Napi::Env env, Held* held) {
    return wrap(env, std::shared_ptr<const Held>(held, Free{}));
  }

  static Napi::Value wrap(Napi::Env env, std::shared_ptr<const Held> held) {
    auto holder = std::make_unique<NativeHandle>(std::move(held));
    Napi::Object handle = Napi::Object::New(env);
    check(env, napi_type_tag_object(env, handle, &Kind::tag));
    check(env, napi_wrap(env, handle, holder.get(), finalize, nullptr, nullptr));
    holder.release()->count_memory(env, 1);
    return handle;
  }

  // What argument `index` holds; an error for any other value and after `release`.
  static const std::shared_ptr<const Held>& unwrap(const Arguments& arguments, size_t index) {
    NativeHandle* holder = find(arguments.value(index));
    if (holder == nullptr) arguments.fail(Kind::name, Kind::expected, "another value");
    if (holder->held_ == nullptr) arguments.fail(Kind::name, Kind::expected, Kind::released);
    return holder->held_;
  }

  // Null for any other value and after `release`.
  static std::shared_ptr<const Held> get(const Napi::Value& value) {
    NativeHandle* holder = find(value);
    return holder == nullptr ? nullptr : holder->held_;
  }

  // Lets go of what is held if the value is such a handle; doing so twice does nothing.
  static bool release(const Napi::Value& value) {
    NativeHandle* holder = find(value);
    if (holder == nullptr) return false;
    holder->free(value.Env());
    return true;
  }

  explicit NativeHandle(std::shared_ptr<const Held> held)
      : held_(std::move(held)), bytes_(Kind::bytes(held_.get())) {}

 private:
  struct Free {
    void operator()(const Held* held) const { Kind::free(const_cast<Held*>(held)); }
  };

  static void check(Napi::Env env, napi_status status) {
    if (status != napi_ok) throw Napi::Error::New(env);
  }

  static NativeHandle* find(const Napi::Value& value) {
    bool tagged = false;
    if (!value.IsObject()) return nullptr;
    const napi_env env = value.Env();
    if (napi_check_object_type_tag(env, value, &Kind::tag, &tagged) != napi_ok || !tagged) {
      return nullptr;
    }
    void* holder = nullptr;
    return napi_unwrap(env, value, &holder) == napi_ok ? static_cast<NativeHandle*>(holder)
                                                       : nullptr;
  }

  static void finalize(napi_env env, void* data, void*) {
    const std::unique_ptr<NativeHandle> holder(static_cast<NativeHandle*>(data));
    holder->free(env);
  }

  void free(napi_env env) {
    if (held_ == nullptr) return;
    held_.reset();
    count_memory(env, -1);
  }

  // The garbage collector should know what a small object keeps alive.
  void count_memory(napi_env env, int64_t sign) const {
    int64_t total = 0;
    napi_adjust_external_memory(env, sign * static_cast<int64_t>(bytes_), &total);
  }

  std::shared_ptr<const Held> held_;
  size_t bytes_;
};

// Packed weights; a kind adds its tag and the function that packs them.
template <typename Packed, void (*kFree)(Packed*), size_t (*kBytes)(const Packed*)>
struct PackedKind {
  using Held = Packed;
  static constexpr const char* name = "packed";
  static constexpr const char* released = "released weights";
  static void free(Held* packed) { kFree(packed); }
  static size_t bytes(const Held* packed) { return kBytes(packed); }
};

struct PackedMatrixKind
    : PackedKind<octavo_packed_matrix, octavo_free_packed_matrix, octavo_packed_matrix_bytes> {
  static constexpr napi_type_tag tag = {0x6f637461766f0001, 0x9d2b71c3e84f5a60};
  static constexpr const char* expected = "weights packed by packMatrix";
};

struct PackedConv2dKind
    : PackedKind<octavo_packed_conv2d, octavo_free_packed_conv2d, octavo_packed_conv2d_bytes> {
  static constexpr napi_type_tag tag = {0x6f637461766f0002, 0x3a84c6f01d5be792};
  static constexpr const char* expected = "weights packed by packConv2d";
};

struct PackedFloatMatrixKind
    : PackedKind<octavo_packed_float, octavo_free_packed_float, octavo_packed_float_bytes> {
  static constexpr napi_type_tag tag = {0x6f637461766f0005, 0x84b1f2a9365d0ce7};
  static constexpr const char* expected = "weights packed by packFloatMatrix";
};

struct PackedFloatConv2dKind
    : PackedKind<octavo_packed_float_conv2d, octavo_free_packed_float_conv2d,
                 octavo_packed_float_conv2d_bytes> {
  static constexpr napi_type_tag tag = {0x6f637461766f0006, 0x27d8053cbe91f64a};
  static constexpr const char* expected = "weights packed by packFloatConv2d";
};

struct PackedBlocksKind
    : PackedKind<octavo_packed_blocks, octavo_free_packed_blocks, octavo_packed_blocks_bytes> {
  static constexpr napi_type_tag tag = {0x6f637461766f0007, 0xd25f80a61bc9e437};
  static constexpr const char* expected = "weights packed by packBlockMatrix";
};

// Values that never change.
struct ConstantKind {
  using Held = ConstantBlock;
  static constexpr napi_type_tag tag = {0x6f637461766f0003, 0x51e9d07b62c4f3a8};
  static constexpr const char* name = "constant";
  static constexpr const char* released = "a released constant";
  static constexpr const char* expected = "a constant made by makeConstant";
  static void free(Held* block) { delete block; }
  static size_t bytes(const Held* block) { return block->bytes(); }
};

struct ProgramKind {
  using Held = Program;
  static constexpr napi_type_tag tag = {0x6f637461766f0004, 0xc6137e85a9f20d4b};
  static constexpr const char* name = "program";
  static constexpr const char* released = "a released program";
  static constexpr const char* expected = "a program made by createProgram or openProgram";
  static void free(Held* program) { delete program; }
  static size_t bytes(const Held* program) { return program->arena_bytes(); }
};

using MatrixHandle = NativeHandle<PackedMatrixKind>;
using Conv2dHandle = NativeHandle<PackedConv2dKind>;
using FloatMatrixHandle = NativeHandle<PackedFloatMatrixKind>;
using FloatConv2dHandle = NativeHandle<PackedFloatConv2dKind>;
using BlockMatrixHandle = NativeHandle<PackedBlocksKind>;
using ConstantHandle = NativeHandle<ConstantKind>;
using ProgramHandle = NativeHandle<ProgramKind>;

}  // namespace octavo::napi

#endif  // OCTAVO_NAPI_NATIVE_HANDLE_H_
