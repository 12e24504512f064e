// Float weights in the layout that a microkernel reads: panels of nr columns, row after row; a last
// panel of at most `lanes` columns is that wide, and missing columns are 0.
#ifndef OCTAVO_SRC_FLOAT_GEMM_PACK_FLOAT_H_
#define OCTAVO_SRC_FLOAT_GEMM_PACK_FLOAT_H_

#include <cstddef>
#include <cstdint>

#include "base/aligned_buffer.h"
#include "base/math.h"
#include "float_gemm/select_float.h"
#include "octavo/octavo.h"

namespace octavo {

constexpr size_t element_bytes(octavo_type type) {
  return type == OCTAVO_F16 || type == OCTAVO_BF16 ? 2 : 4;
}

// Columns that `columns` columns from a multiple of nr occupy.
size_t padded_columns(const FloatMicrokernel& kernel, size_t columns);

// Writes the panels of `weights`, k * padded_columns(kernel, n) elements of its type; kernels of
// pairs take half as many words.
void pack_float_panels(const octavo_float_weights& weights, const FloatMicrokernel& kernel,
                       void* panels);

// The same of floats, subnormal numbers and all.
void pack_float_panels_as_they_are(const octavo_float_weights& weights,
                                   const FloatMicrokernel& kernel, float* panels);

struct PackedFloat {
  const FloatMicrokernel* kernel;
  size_t k;
  size_t n;
  AlignedBuffer<uint8_t> panels;

  size_t bytes() const { return panels.bytes(); }
  bool in_pairs() const { return kernel->weights == kBfloatPairs; }
  // Elements that the kernel reads of a row.
  size_t depth() const { return in_pairs() ? div_up(k, 2) : k; }
};

// Rows that count taps, then channels: element (tap, channel, column) of an array of `type` is at
// tap * tap_stride + channel * channel_stride + column * n_stride.
struct FloatTaps {
  const void* data;
  octavo_type type;
  size_t taps;
  size_t channels;
  size_t n;
  size_t tap_stride;
  size_t channel_stride;
  size_t n_stride;
};

// Throws std::bad_alloc.
PackedFloat pack_float(const FloatTaps& weights, IsaSet available = active_isa());
PackedFloat pack_float(const octavo_float_weights& weights, IsaSet available = active_isa());

}  // namespace octavo

#endif  // OCTAVO_SRC_FLOAT_GEMM_PACK_FLOAT_H_
