#include "elementwise/binary_kernels.h"

#include "vector/vector.h"

namespace octavo {
namespace {

#define OCTAVO_BINARY(name, value)                                     \
  struct name##_op {                                                   \
    OCTAVO_INLINE F32 operator()(F32 a, F32 b) const { return value; } \
  };
#include "elementwise/binary_ops.inc"
#undef OCTAVO_BINARY

template <size_t kStep>
OCTAVO_INLINE F32 operand(const float* from, size_t i) {
  return kStep == 0 ? splat(*from) : load<F32>(from + i);
}

template <size_t kStep>
OCTAVO_INLINE F32 last_operand(const float* from, size_t i, size_t count) {
  return kStep == 0 ? splat(*from) : load_some<F32>(from + i, count);
}

template <typename Op, size_t kStepA, size_t kStepB>
void run_steps(const float* a, const float* b, float* out, size_t count) {
  const Op op{};
  size_t i = 0;
  for (; i + kLanes <= count; i += kLanes) {
    store(out + i, op(operand<kStepA>(a, i), operand<kStepB>(b, i)));
  }
  if (i == count) return;
  const size_t rest = count - i;
  store_some(out + i, op(last_operand<kStepA>(a, i, rest), last_operand<kStepB>(b, i, rest)), rest);
}

template <typename Op>
void run(const float* a, size_t a_step, const float* b, size_t b_step, float* out, size_t count) {
  if (a_step == 0) return run_steps<Op, 0, 1>(a, b, out, b_step == 0 ? 1 : count);
  return b_step == 0 ? run_steps<Op, 1, 0>(a, b, out, count)
                     : run_steps<Op, 1, 1>(a, b, out, count);
}

}  // namespace

const BinaryKernels OCTAVO_TIERED(binary) = {{
#define OCTAVO_BINARY(name, value) run<name##_op>,
#include "elementwise/binary_ops.inc"
#undef OCTAVO_BINARY
}};

}  // namespace octavo
