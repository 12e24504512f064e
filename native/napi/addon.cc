#include "bindings.h"
#include "environment.h"

namespace {

template <auto kFunction>
void add(Napi::Object exports, const char* name) {
  exports.Set(name, Napi::Function::New<kFunction>(exports.Env(), name));
}

Napi::Object initialize(Napi::Env env, Napi::Object exports) {
  using namespace octavo;
  napi::Environment::attach(env);
  add<napi::bind_program>(exports, "bindProgram");
  add<napi::block_matmul>(exports, "blockMatmul");
  add<napi::conv2d>(exports, "conv2d");
  add<napi::convert_floats>(exports, "convertFloats");
  add<napi::count_bins>(exports, "countBins");
  add<napi::create_program>(exports, "createProgram");
  add<napi::dequantize>(exports, "dequantize");
  add<napi::extent>(exports, "extent");
  add<napi::float_conv2d>(exports, "floatConv2d");
  add<napi::float_matmul>(exports, "floatMatmul");
  add<napi::isa>(exports, "isa");
  add<napi::make_constant>(exports, "makeConstant");
  add<napi::matmul>(exports, "matmul");
  add<napi::measure_peak>(exports, "measurePeak");
  add<napi::op_names>(exports, "opNames");
  add<napi::open_program>(exports, "openProgram");
  add<napi::pack_block_matrix>(exports, "packBlockMatrix");
  add<napi::pack_conv2d>(exports, "packConv2d");
  add<napi::pack_float_conv2d>(exports, "packFloatConv2d");
  add<napi::pack_float_matrix>(exports, "packFloatMatrix");
  add<napi::pack_matrix>(exports, "packMatrix");
  add<napi::pack_nibbles>(exports, "packNibbles");
  add<napi::quantize>(exports, "quantize");
  add<napi::quantize_rows>(exports, "quantizeRows");
  add<napi::release>(exports, "release");
  add<napi::run_program>(exports, "runProgram");
  add<napi::set_threads>(exports, "setThreads");
  add<napi::share_program>(exports, "shareProgram");
  add<napi::start_program>(exports, "startProgram");
  add<napi::threads>(exports, "threads");
  add<napi::unpack_nibbles>(exports, "unpackNibbles");
  add<napi::version>(exports, "version");
  return exports;
}

}  // namespace

NODE_API_MODULE(octavo_cpu, initialize)
