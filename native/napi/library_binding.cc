#include "bindings.h"
#include "packed_handle.h"

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
  return isa;
}

void release(const Napi::CallbackInfo& call) {
  if (MatrixHandle::release(call[0]) || Conv2dHandle::release(call[0])) return;
  Arguments(call, "release").fail("packed", "packed weights", "another value");
}

}  // namespace octavo::napi
