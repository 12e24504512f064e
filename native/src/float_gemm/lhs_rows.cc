#include "float_gemm/lhs_rows.h"

#include <cstring>

#include "base/half.h"
#include "conv/transpose.h"
#include "quantize/quantize.h"

namespace octavo {
namespace {

constexpr size_t kAliasingFloats = 1024;  // a way of a first-level cache: 4 KiB
constexpr size_t kFloatsPerLine = 16;

// An odd number of cache lines from row to row, so that rows spread over the sets.
size_t copy_stride(size_t k) {
  return (k / kFloatsPerLine + 1) / 2 * 2 * kFloatsPerLine + kFloatsPerLine;
}

}  // namespace

bool needs_copy(const LhsMatrix& lhs, size_t rows, size_t n) {
  if (lhs.k_stride != 1) return true;
  return lhs.row_stride % kAliasingFloats == 0 && rows >= 4 && n >= 128;
}

size_t copied_floats(size_t rows, size_t k) { return rows * copy_stride(k); }

void gather_rows(const LhsMatrix& lhs, size_t first, size_t count, size_t k, float* memory,
                 const float** pointers) {
  const float* source = lhs.data + first * lhs.row_stride;
  if (memory == nullptr) {
    for (size_t row = 0; row < count; ++row) pointers[row] = source + row * lhs.row_stride;
    return;
  }
  const size_t stride = copy_stride(k);
  for (size_t row = 0; row < count; ++row) pointers[row] = memory + row * stride;
  if (lhs.row_stride == 1) {
    return transpose(source, k, count, lhs.k_stride, memory, stride, sizeof(float));
  }
  for (size_t row = 0; row < count; ++row) {
    const float* from = source + row * lhs.row_stride;
    float* to = memory + row * stride;
    if (lhs.k_stride == 1) {
      std::memcpy(to, from, k * sizeof(float));
    } else {
      for (size_t i = 0; i < k; ++i) to[i] = from[i * lhs.k_stride];
    }
  }
}

void gather_pairs(const LhsMatrix& lhs, size_t first, size_t count, size_t k, float* memory,
                  const float** pointers) {
  const size_t stride = copy_stride(k);
  for (size_t row = 0; row < count; ++row) {
    const float* from = lhs.data + (first + row) * lhs.row_stride;
    float* const to = memory + row * stride;
    uint16_t* const halves = reinterpret_cast<uint16_t*>(to);
    if (lhs.k_stride == 1) {
      floats_to_bfloat(from, k, halves);
    } else {
      for (size_t i = 0; i < k; ++i) halves[i] = float_to_bfloat(from[i * lhs.k_stride]);
    }
    if (k % 2 != 0) halves[k] = 0;
    pointers[row] = to;
  }
}

}  // namespace octavo
