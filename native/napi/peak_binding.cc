#include "arguments.h"
#include "bindings.h"

namespace octavo::napi {

Napi::Value measure_peak(const Napi::CallbackInfo& call) {
  const Arguments arguments(call, "measurePeak");
  const int32_t kind = arguments.integer(0, "kind");
  const size_t threads = arguments.size(1, "threads");
  const size_t milliseconds = arguments.size(2, "milliseconds");
  if (threads > UINT32_MAX) arguments.fail("threads", "fewer", "too many");
  if (milliseconds > UINT32_MAX) arguments.fail("milliseconds", "less", "too many");
  octavo_peak peak{};
  arguments.require_ok(octavo_measure_peak(kind, static_cast<uint32_t>(threads),
                                           static_cast<uint32_t>(milliseconds), &peak));
  Napi::Object result = Napi::Object::New(call.Env());
  result.Set("instruction", peak.instruction == nullptr ? "" : peak.instruction);
  result.Set("perSecond", peak.per_second);
  return result;
}

}  // namespace octavo::napi
