#include "bindings.h"

namespace {

Napi::Object initialize(Napi::Env env, Napi::Object exports) {
  exports.Set("conv2d", Napi::Function::New(env, octavo::napi::conv2d, "conv2d"));
  exports.Set("isa", Napi::Function::New(env, octavo::napi::isa, "isa"));
  exports.Set("matmul", Napi::Function::New(env, octavo::napi::matmul, "matmul"));
  exports.Set("packConv2d", Napi::Function::New(env, octavo::napi::pack_conv2d, "packConv2d"));
  exports.Set("packMatrix", Napi::Function::New(env, octavo::napi::pack_matrix, "packMatrix"));
  exports.Set("release", Napi::Function::New(env, octavo::napi::release, "release"));
  exports.Set("version", Napi::Function::New(env, octavo::napi::version, "version"));
  return exports;
}

}  // namespace

NODE_API_MODULE(octavo_cpu, initialize)
