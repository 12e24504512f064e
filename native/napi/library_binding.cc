#include "bindings.h"
#include "native_handle.h"

namespace octavo::napi {

Napi::Value version(const Napi::CallbackInfo& call) {
  return Napi::String::New(call.Env(), octavo_version());
}

Napi::Value isa(const Napi::CallbackInfo& call) {
  Napi::Object isa = Napi::Object::New(call.Env());
  isa.Set("detected", octavo_detected_isa());
  isa.Set("active", octavo_active_isa());
  isa.Set("unknown", octavo_unknown_isa());
  isa.Set("gemmKernel", octavo_gemm_kernel());
  isa.Set("floatKernel", octavo_float_kernel());
  isa.Set("build", octavo_build());
  return isa;
}

void release(const Napi::CallbackInfo& call) {
  if (MatrixHandle::release(call[0]) || Conv2dHandle::release(call[0]) ||
      FloatMatrixHandle::release(call[0]) || FloatConv2dHandle::release(call[0]) ||
      BlockMatrixHandle::release(call[0]) || ConstantHandle::release(call[0]) ||
      ProgramHandle::release(call[0])) {
    return;
  }
  Arguments(call, "release")
      .fail("handle", "packed weights, a constant or a program", "another value");
}

void set_threads(const Napi::CallbackInfo& call) {
  const Arguments arguments(call, "setThreads");
  const size_t threads = arguments.size(0, "threads");
  const size_t spin = arguments.size(1, "spinMicroseconds");
  if (threads > UINT32_MAX) arguments.fail("threads", "fewer", "too many");
  if (spin > UINT32_MAX) arguments.fail("spinMicroseconds", "fewer", "too many");
  octavo_set_threads(static_cast<uint32_t>(threads));
  octavo_set_spin_microseconds(static_cast<uint32_t>(spin));
}

Napi::Value threads(const Napi::CallbackInfo& call) {
  Napi::Object threads = Napi::Object::New(call.Env());
  threads.Set("threads", octavo_threads());
  threads.Set("spinMicroseconds", octavo_spin_microseconds());
  return threads;
}

}  // namespace octavo::napi
