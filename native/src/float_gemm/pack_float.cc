#include "float_gemm/pack_float.h"

#include <algorithm>

#include "base/half.h"
#include "base/math.h"
#include "base/subnormal.h"
#include "float_gemm/pack_columns.h"

namespace octavo {
namespace {

FloatTaps as_taps(const octavo_float_weights& weights) {
  return {weights.data,     weights.type,    1, weights.k, weights.n, 0,
          weights.k_stride, weights.n_stride};
}

// How weights of each format are stored: half-precision ones become normal floats when loaded.
struct Floats {
  using T = float;
  static T stored(T x) { return flushed(x); }
  static WordVector stored_words(WordVector bits) { return flushed_words(bits); }
};
struct KeptFloats {
  using T = float;
  static T stored(T x) { return x; }
  static WordVector stored_words(WordVector bits) { return bits; }
};
struct Bfloats {
  using T = uint16_t;
  static T stored(T bits) { return flushed_bfloat(bits); }
};
struct Halves {
  using T = uint16_t;
  static T stored(T bits) { return bits; }
};

template <typename Format, typename T = typename Format::T>
void copy_rows(const FloatTaps& weights, const T* from, size_t columns, size_t width, T* to) {
  for (size_t tap = 0; tap < weights.taps; ++tap, from += weights.tap_stride) {
    const T* row = from;
    for (size_t channel = 0; channel < weights.channels; ++channel, to += width) {
      std::transform(row, row + columns, to, Format::stored);
      std::fill(to + columns, to + width, T{});
      row += weights.channel_stride;
    }
  }
}

template <typename Format>
void pack(const FloatTaps& weights, const FloatMicrokernel& kernel, void* panels) {
  using T = typename Format::T;
  T* to = static_cast<T*>(panels);
  const T* data = static_cast<const T*>(weights.data);
  for (size_t first = 0; first < weights.n; first += kernel.nr) {
    const size_t columns = std::min(kernel.nr, weights.n - first);
    const size_t width = padded_columns(kernel, columns);
    const T* from = data + first * weights.n_stride;
    if (weights.n_stride == 1) {
      copy_rows<Format>(weights, from, columns, width, to);
    } else {
      copy_columns<Format>(weights, from, columns, width, to);
    }
    to += weights.taps * weights.channels * width;
  }
}

void pack_panels(const FloatTaps& weights, const FloatMicrokernel& kernel, void* panels) {
  if (weights.taps == 0 || weights.channels == 0) return;
  if (weights.type == OCTAVO_F32) return pack<Floats>(weights, kernel, panels);
  if (weights.type == OCTAVO_BF16) return pack<Bfloats>(weights, kernel, panels);
  pack<Halves>(weights, kernel, panels);
}

uint16_t bfloat_at(const octavo_float_weights& weights, size_t k, size_t n) {
  if (k >= weights.k) return 0;
  const size_t at = k * weights.k_stride + n * weights.n_stride;
  if (weights.type == OCTAVO_BF16) return static_cast<const uint16_t*>(weights.data)[at];
  return float_to_bfloat(static_cast<const float*>(weights.data)[at]);
}

void pack_pairs(const octavo_float_weights& weights, const FloatMicrokernel& kernel, uint32_t* to) {
  for (size_t first = 0; first < weights.n; first += kernel.nr) {
    const size_t columns = std::min(kernel.nr, weights.n - first);
    const size_t width = padded_columns(kernel, columns);
    for (size_t k = 0; k < weights.k; k += 2, to += width) {
      for (size_t column = 0; column < columns; ++column) {
        const uint32_t high = bfloat_at(weights, k + 1, first + column);
        to[column] = high << 16 | bfloat_at(weights, k, first + column);
      }
      std::fill(to + columns, to + width, 0);
    }
  }
}

PackedFloat room_for(const FloatMicrokernel& kernel, size_t k, size_t n) {
  PackedFloat packed{&kernel, k, n, {}};
  const size_t bytes = CheckedSize(packed.depth())
                           .times(padded_columns(kernel, n))
                           .times(element_bytes(kernel.weights))
                           .value();
  packed.panels = AlignedBuffer<uint8_t>(bytes);
  return packed;
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
  if (kernel.weights == kBfloatPairs) {
    return pack_pairs(weights, kernel, static_cast<uint32_t*>(panels));
  }
  pack_panels(as_taps(weights), kernel, panels);
}

void pack_float_panels_as_they_are(const octavo_float_weights& weights,
                                   const FloatMicrokernel& kernel, float* panels) {
  pack<KeptFloats>(as_taps(weights), kernel, panels);
}

PackedFloat pack_float(const FloatTaps& weights, IsaSet available) {
  const FloatMicrokernel& kernel = select_float_microkernel(weights.type, available);
  const size_t k = CheckedSize(weights.taps).times(weights.channels).value();
  PackedFloat packed = room_for(kernel, k, weights.n);
  pack_panels(weights, kernel, packed.panels.data());
  return packed;
}

PackedFloat pack_float(const octavo_float_weights& weights, IsaSet available) {
  const octavo_type format = weights.compute == OCTAVO_COMPUTE_BF16 ? kBfloatPairs : weights.type;
  const FloatMicrokernel& kernel = select_float_microkernel(format, available);
  PackedFloat packed = room_for(kernel, weights.k, weights.n);
  pack_float_panels(weights, kernel, packed.panels.data());
  return packed;
}

}  // namespace octavo
