#include "float_conv/float_depthwise_kernel.h"

#include "float_conv/float_depthwise_loop.h"
#include "vector/vector.h"

namespace octavo {
namespace {

struct Lanes {
  static constexpr size_t lanes = kLanes;
  using T = F32;
  static T zero() { return splat(0.0f); }
  static T set(float x) { return splat(x); }
  static T load(const float* p) { return octavo::load<F32>(p); }
  static T load_first(const float* p, size_t count) { return load_some<F32>(p, count); }
  static void store(float* p, T v) { octavo::store(p, v); }
  static void store_first(float* p, T v, size_t count) { store_some(p, v, count); }
  static T fma(T a, T b, T c) { return multiply_add(a, b, c); }
  static T add(T a, T b) { return a + b; }
  static T mul(T a, T b) { return a * b; }
  static T min(T a, T b) { return octavo::min(a, b); }
  static T max(T a, T b) { return octavo::max(a, b); }
  static T select_negative(T x, T a, T b) { return choose(x < splat(0.0f), a, b); }
};

void run(const DepthwiseSpan& span) { run_depthwise_span<Lanes, 8>(span); }

}  // namespace

const FloatDepthwiseKernels OCTAVO_TIERED(float_depthwise) = {run};

}  // namespace octavo
