#include "elementwise/unary_kernels.h"

#include "vector/transcendental.h"

namespace octavo {
namespace {

#define OCTAVO_UNARY(name, value)                                                \
  struct name##_op {                                                             \
    F32 alpha, beta;                                                             \
    OCTAVO_INLINE F32 operator()([[maybe_unused]] F32 x) const { return value; } \
  };
#include "elementwise/unary_ops.inc"
#undef OCTAVO_UNARY

template <typename Op>
void run(const float* in, float* out, size_t count, const UnaryParameters& parameters) {
  const Op op{splat(parameters.alpha), splat(parameters.beta)};
  size_t i = 0;
  for (; i + kLanes <= count; i += kLanes) store(out + i, op(load<F32>(in + i)));
  if (i < count) store_some(out + i, op(load_some<F32>(in + i, count - i)), count - i);
}

}  // namespace

const UnaryKernels OCTAVO_TIERED(unary) = {{
#define OCTAVO_UNARY(name, value) run<name##_op>,
#include "elementwise/unary_ops.inc"
#undef OCTAVO_UNARY
}};

}  // namespace octavo
