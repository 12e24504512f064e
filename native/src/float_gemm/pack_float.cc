#include "float_gemm/pack_float.h"

#include <algorithm>
#include <cstring>

#include "base/math.h"

namespace octavo {
namespace {

// Rows read at once where columns are far apart: their cache lines are used up before they leave.
constexpr size_t kRowsAtOnce = 64;

template <typename T>
void copy_rows(const T* from, size_t k_stride, size_t k, size_t columns, size_t width, T* to) {
  for (size_t row = 0; row < k; ++row, from += k_stride, to += width) {
    std::memcpy(to, from, columns * sizeof(T));
    std::fill(to + columns, to + width, T{});
  }
}

template <typename T>
void copy_columns(const T* from, size_t k_stride, size_t n_stride, size_t k, size_t columns,
                  size_t width, T* to) {
  if (columns != width) std::fill(to, to + k * width, T{});
  for (size_t first = 0; first < k; first += kRowsAtOnce) {
    const size_t last = std::min(k, first + kRowsAtOnce);
    for (size_t column = 0; column < columns; ++column) {
      const T* source = from + column * n_stride;
      for (size_t row = first; row < last; ++row) {
        to[row * width + column] = source[row * k_stride];
      }
    }
  }
}

template <typename T>
void pack(const octavo_float_weights& weights, const FloatMicrokernel& kernel, T* to) {
  const T* data = static_cast<const T*>(weights.data);
  for (size_t first = 0; first < weights.n; first += kernel.nr) {
    const size_t columns = std::min(kernel.nr, weights.n - first);
    const size_t width = padded_columns(kernel, columns);
    const T* from = data + first * weights.n_stride;
    if (weights.n_stride == 1) {
      copy_rows(from, weights.k_stride, weights.k, columns, width, to);
    } else {
      copy_columns(from, weights.k_stride, weights.n_stride, weights.k, columns, width, to);
    }
    to += weights.k * width;
  }
}

}  // namespace

size_t padded_columns(const FloatMicrokernel& kernel, size_t columns) {
  const size_t last = columns % kernel.nr;
  const size_t whole = columns - last;
  if (last == 0) return whole;
  return whole + (last <= kernel.lanes ? kernel.lanes : kernel.nr);
}

void pack_float_panels(const octavo_float_weights& weights, const FloatMicrokernel& kernel,
                       void* panels) {
  if (weights.k == 0) return;
  if (weights.type == OCTAVO_F32) return pack(weights, kernel, static_cast<float*>(panels));
  pack(weights, kernel, static_cast<uint16_t*>(panels));
}

PackedFloat pack_float(const octavo_float_weights& weights, IsaSet available) {
  const FloatMicrokernel& kernel = select_float_microkernel(weights.type, available);
  const size_t bytes = CheckedSize(weights.k)
                           .times(padded_columns(kernel, weights.n))
                           .times(element_bytes(weights.type))
                           .value();
  PackedFloat packed{&kernel, weights.k, weights.n, AlignedBuffer<uint8_t>(bytes)};
  pack_float_panels(weights, kernel, packed.panels.data());
  return packed;
}

}  // namespace octavo
