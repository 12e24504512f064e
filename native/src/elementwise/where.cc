#include "elementwise/where.h"

#include "threading/parallel_ranges.h"

namespace octavo {
namespace {

// Steps that the compiler knows let it use vectors.
template <size_t kStepX, size_t kStepY, typename T>
void run_steps(const uint8_t* condition, const T* x, const T* y, T* out, size_t count) {
  for (size_t i = 0; i < count; ++i) {
    const T taken = x[i * kStepX], left = y[i * kStepY];
    out[i] = condition[i] != 0 ? taken : left;
  }
}

template <typename T>
void copy(WhereOperand from, T* out, size_t count) {
  const T* elements = static_cast<const T*>(from.elements);
  if (from.is_single) {
    for (size_t i = 0; i < count; ++i) out[i] = *elements;
  } else {
    for (size_t i = 0; i < count; ++i) out[i] = elements[i];
  }
}

WhereOperand behind(WhereOperand operand, size_t first, size_t bytes) {
  if (operand.is_single) return operand;
  return {static_cast<const uint8_t*>(operand.elements) + first * bytes, false};
}

template <typename T>
void run(WhereOperand condition, WhereOperand x, WhereOperand y, T* out, size_t count) {
  const uint8_t* truths = static_cast<const uint8_t*>(condition.elements);
  const T* left = static_cast<const T*>(x.elements);
  const T* right = static_cast<const T*>(y.elements);
  if (condition.is_single) return copy(*truths != 0 ? x : y, out, count);
  if (x.is_single && y.is_single) return run_steps<0, 0>(truths, left, right, out, count);
  if (x.is_single) return run_steps<0, 1>(truths, left, right, out, count);
  if (y.is_single) return run_steps<1, 0>(truths, left, right, out, count);
  run_steps<1, 1>(truths, left, right, out, count);
}

template <typename T>
void run_ranges(WhereOperand condition, WhereOperand x, WhereOperand y, void* out, size_t count) {
  parallel_ranges(count, kElementsPerTask, [&](size_t first, size_t size) {
    run(behind(condition, first, 1), behind(x, first, sizeof(T)), behind(y, first, sizeof(T)),
        static_cast<T*>(out) + first, size);
  });
}

}  // namespace

void where(WhereOperand condition, WhereOperand x, WhereOperand y, void* out, size_t count,
           size_t element_bytes) {
  switch (element_bytes) {
    case 1:
      return run_ranges<uint8_t>(condition, x, y, out, count);
    case 2:
      return run_ranges<uint16_t>(condition, x, y, out, count);
    case 4:
      return run_ranges<uint32_t>(condition, x, y, out, count);
    default:
      return run_ranges<uint64_t>(condition, x, y, out, count);
  }
}

}  // namespace octavo
