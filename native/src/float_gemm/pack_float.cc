#include "float_gemm/pack_float.h"

#include <algorithm>
#include <cstring>

#include "base/math.h"

namespace octavo {
namespace {

// Rows read at once where columns are far apart: their cache lines are used up before they leave.
constexpr size_t kRowsAtOnce = 64;

FloatTaps as_taps(const octavo_float_weights& weights) {
  return {weights.data,     weights.type,    1, weights.k, weights.n, 0,
          weights.k_stride, weights.n_stride};
}

template <typename T>
void copy_rows(const FloatTaps& weights, const T* from, size_t columns, size_t width, T* to) {
  for (size_t tap = 0; tap < weights.taps; ++tap, from += weights.tap_stride) {
    const T* row = from;
    for (size_t channel = 0; channel < weights.channels; ++channel, to += width) {
      std::memcpy(to, row, columns * sizeof(T));
      std::fill(to + columns, to + width, T{});
      row += weights.channel_stride;
    }
  }
}

template <typename T>
void copy_columns(const FloatTaps& weights, const T* from, size_t columns, size_t width, T* to) {
  const size_t taps = weights.taps, channels = weights.channels;
  if (columns != width) std::fill(to, to + taps * channels * width, T{});
  const size_t step = std::max<size_t>(1, kRowsAtOnce / taps);
  for (size_t first = 0; first < channels; first += step) {
    const size_t last = std::min(channels, first + step);
    for (size_t column = 0; column < columns; ++column) {
      for (size_t tap = 0; tap < taps; ++tap) {
        const T* source = from + column * weights.n_stride + tap * weights.tap_stride;
        T* target = to + tap * channels * width + column;
        for (size_t channel = first; channel < last; ++channel) {
          target[channel * width] = source[channel * weights.channel_stride];
        }
      }
    }
  }
}

template <typename T>
void pack(const FloatTaps& weights, const FloatMicrokernel& kernel, T* to) {
  const T* data = static_cast<const T*>(weights.data);
  for (size_t first = 0; first < weights.n; first += kernel.nr) {
    const size_t columns = std::min(kernel.nr, weights.n - first);
    const size_t width = padded_columns(kernel, columns);
    const T* from = data + first * weights.n_stride;
    if (weights.n_stride == 1) {
      copy_rows(weights, from, columns, width, to);
    } else {
      copy_columns(weights, from, columns, width, to);
    }
    to += weights.taps * weights.channels * width;
  }
}

void pack_panels(const FloatTaps& weights, const FloatMicrokernel& kernel, void* panels) {
  if (weights.taps == 0 || weights.channels == 0) return;
  if (weights.type == OCTAVO_F32) return pack(weights, kernel, static_cast<float*>(panels));
  pack(weights, kernel, static_cast<uint16_t*>(panels));
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
  pack_panels(as_taps(weights), kernel, panels);
}

PackedFloat pack_float(const FloatTaps& weights, IsaSet available) {
  const FloatMicrokernel& kernel = select_float_microkernel(weights.type, available);
  const size_t k = CheckedSize(weights.taps).times(weights.channels).value();
  const size_t bytes = CheckedSize(k)
                           .times(padded_columns(kernel, weights.n))
                           .times(element_bytes(weights.type))
                           .value();
  PackedFloat packed{&kernel, k, weights.n, AlignedBuffer<uint8_t>(bytes)};
  pack_panels(weights, kernel, packed.panels.data());
  return packed;
}

PackedFloat pack_float(const octavo_float_weights& weights, IsaSet available) {
  return pack_float(as_taps(weights), available);
}

}  // namespace octavo
