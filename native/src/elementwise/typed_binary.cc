#include "elementwise/typed_binary.h"

#include <type_traits>

namespace octavo {
namespace {

constexpr unsigned only(Element element) { return 1u << static_cast<unsigned>(element); }
constexpr unsigned kEveryElement = only(Element::count) - 1;
constexpr unsigned kIntegerElements = only(Element::s32) | only(Element::s64);
constexpr unsigned kTruthElements = only(Element::u8);

uint8_t truth(bool value) { return value ? 1 : 0; }

template <typename T>
auto bits(T value) {
  return static_cast<std::make_unsigned_t<T>>(value);
}

template <typename T>
T modular(std::make_unsigned_t<T> value, T) {
  return static_cast<T>(value);
}

#define OCTAVO_TYPED_BINARY(name, types, value) \
  struct name##_op {                            \
    static constexpr unsigned kTypes = types;   \
    template <typename T>                       \
    auto operator()(T a, T b) const {           \
      return value;                             \
    }                                           \
  };
#include "elementwise/typed_binary_ops.inc"
#undef OCTAVO_TYPED_BINARY

// Steps that the compiler knows let it use vectors.
template <typename Op, size_t kStepA, size_t kStepB, typename T, typename R>
void run_steps(const T* a, const T* b, R* out, size_t count) {
  for (size_t i = 0; i < count; ++i) out[i] = Op()(a[i * kStepA], b[i * kStepB]);
}

template <typename Op, typename T>
void run(const void* a, const void* b, void* out, const Broadcast& shape) {
  using R = decltype(Op()(T(), T()));
  for_each_run(shape, [&](size_t a_first, size_t b_first, size_t out_first, size_t count) {
    const T* left = static_cast<const T*>(a) + a_first;
    const T* right = static_cast<const T*>(b) + b_first;
    R* result = static_cast<R*>(out) + out_first;
    if (shape.a_step() == shape.b_step()) {
      run_steps<Op, 1, 1>(left, right, result, count);
    } else if (shape.a_step() == 0) {
      run_steps<Op, 0, 1>(left, right, result, count);
    } else {
      run_steps<Op, 1, 0>(left, right, result, count);
    }
  });
}

template <typename Op, typename T, Element kElement>
constexpr TypedBinary kernel() {
  if constexpr ((Op::kTypes & only(kElement)) != 0) {
    return {&run<Op, T>, sizeof(decltype(Op()(T(), T())))};
  } else {
    return {nullptr, 0};
  }
}

// By the order of Element.
#define OCTAVO_TYPED_BINARY(name, types, value)                                              \
  {kernel<name##_op, int32_t, Element::s32>(), kernel<name##_op, int64_t, Element::s64>(),   \
   kernel<name##_op, float, Element::f32>(), kernel<name##_op, uint8_t, Element::u8>()},
constexpr TypedBinary kKernels[][static_cast<size_t>(Element::count)] = {
#include "elementwise/typed_binary_ops.inc"
};
#undef OCTAVO_TYPED_BINARY

}  // namespace

TypedBinary typed_binary(TypedBinaryOp op, Element element) {
  return kKernels[static_cast<size_t>(op)][static_cast<size_t>(element)];
}

}  // namespace octavo
