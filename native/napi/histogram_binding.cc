#include "arguments.h"
#include "bindings.h"

namespace octavo::napi {

void extent(const Napi::CallbackInfo& call) {
  const Arguments arguments(call, "extent");
  const Elements in = arguments.one_of(0, "in", {OCTAVO_F32}, "a Float32Array");
  const Elements out = arguments.one_of(1, "out", {OCTAVO_F32}, "a Float32Array");
  arguments.require_count("out", out.count, 2);
  float low = 0, high = 0;
  arguments.require_ok(
      octavo_extent(static_cast<const float*>(in.data), in.count, &low, &high));
  static_cast<float*>(out.data)[0] = low;
  static_cast<float*>(out.data)[1] = high;
}

Napi::Value count_bins(const Napi::CallbackInfo& call) {
  const Arguments arguments(call, "countBins");
  const int32_t exponent = arguments.integer(1, "exponent"), first = arguments.integer(2, "first");
  const Elements in = arguments.one_of(0, "in", {OCTAVO_F32}, "a Float32Array");
  const Elements out = arguments.one_of(3, "out", {OCTAVO_S32}, "an Int32Array");
  size_t zeros = 0;
  arguments.require_ok(octavo_count_bins(static_cast<const float*>(in.data), in.count, exponent,
                                         first, out.count, static_cast<int32_t*>(out.data),
                                         &zeros));
  return Napi::Number::New(call.Env(), static_cast<double>(zeros));
}

}  // namespace octavo::napi
