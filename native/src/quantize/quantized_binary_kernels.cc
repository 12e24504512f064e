#include "quantize/quantized_binary_kernels.h"

#include "vector/narrow.h"

namespace octavo {
namespace {

struct Sum {
  F32 a_ratio, b_ratio, offset;
  OCTAVO_INLINE explicit Sum(const QuantizedSum& by)
      : a_ratio(splat(by.a_ratio)), b_ratio(splat(by.b_ratio)), offset(splat(by.offset)) {}
  OCTAVO_INLINE F32 operator()(I32 a, I32 b) const {
    return fused(to_float(a), a_ratio, fused(to_float(b), b_ratio, offset));
  }
};

struct Product {
  F32 a_zero, b_zero, factor, zero;
  OCTAVO_INLINE explicit Product(const QuantizedProduct& by)
      : a_zero(to_float(splat(by.a_zero))),
        b_zero(to_float(splat(by.b_zero))),
        factor(splat(by.factor)),
        zero(splat(by.zero)) {}
  // The product of the differences has at most 17 bits: exact.
  OCTAVO_INLINE F32 operator()(I32 a, I32 b) const {
    return (to_float(a) - a_zero) * (to_float(b) - b_zero) * factor + zero;
  }
};

// Limits are integers and rounding is monotonic, so clamping first gives the same result.
template <typename T>
OCTAVO_INLINE I32 saturated(F32 y) {
  constexpr float kLow = static_cast<T>(-1) < 0 ? -128.0f : 0.0f;
  return round_to_int(min(max(y, splat(kLow)), splat(kLow + 255.0f)));
}

template <typename T, typename Op, size_t kStepA, size_t kStepB>
struct Run {
  const T* a;
  const T* b;
  Op op;
  I32 first_a, first_b;

  OCTAVO_INLINE I32 at(size_t i) const {
    return saturated<T>(
        op(kStepA == 0 ? first_a : load_wide(a + i), kStepB == 0 ? first_b : load_wide(b + i)));
  }
};

template <typename T, typename Op, size_t kStepA, size_t kStepB>
void run_steps(const T* a, const T* b, const Op& op, T* out, size_t count) {
  if (count == 0) return;
  const Run<T, Op, kStepA, kStepB> run{a, b, op, splat(static_cast<int32_t>(*a)),
                                       splat(static_cast<int32_t>(*b))};
  uint8_t* bytes = reinterpret_cast<uint8_t*>(out);
  size_t i = 0;
  for (; i + 4 * kLanes <= count; i += 4 * kLanes) {
    store_narrow(bytes + i, run.at(i), run.at(i + kLanes), run.at(i + 2 * kLanes),
                 run.at(i + 3 * kLanes));
  }
  for (; i < count; ++i) {
    const I32 y = saturated<T>(
        op(splat(static_cast<int32_t>(a[kStepA * i])), splat(static_cast<int32_t>(b[kStepB * i]))));
    out[i] = static_cast<T>(y[0]);
  }
}

template <typename T, typename Op, typename Parameters>
void run(const T* a, size_t a_step, const T* b, size_t b_step, const Parameters& parameters, T* out,
         size_t count) {
  const Op op(parameters);
  if (a_step == 0) return run_steps<T, Op, 0, 1>(a, b, op, out, count);
  return b_step == 0 ? run_steps<T, Op, 1, 0>(a, b, op, out, count)
                     : run_steps<T, Op, 1, 1>(a, b, op, out, count);
}

}  // namespace

const QuantizedBinaryKernels OCTAVO_TIERED(quantized_binary) = {
    run<uint8_t, Sum, QuantizedSum>, run<int8_t, Sum, QuantizedSum>,
    run<uint8_t, Product, QuantizedProduct>, run<int8_t, Product, QuantizedProduct>};

}  // namespace octavo
